// Reads an export with the Go project's own transparency-log packages and says whether it holds.
//
// usage: oracle OUT            checkpoint, tiles, bundles, and a proof of every entry and of every earlier size
//        oracle PROOF ENTRY KEYS   one tlog-proof
package main

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func fail(format string, values ...any) {
	fmt.Printf("BAD "+format+"\n", values...)
	os.Exit(1)
}

func read(path string) []byte {
	raw, err := os.ReadFile(path)
	if err != nil {
		fail("%v", err)
	}
	return raw
}

// open checks a note by the last of these keys that signed it, and reads the checkpoint in it.
func open(raw []byte, keys string) (int64, tlog.Hash) {
	var verifiers []note.Verifier
	for _, line := range strings.Fields(keys) {
		verifier, err := note.NewVerifier(line)
		if err == nil {
			verifiers = append(verifiers, verifier)
		}
	}
	found, err := note.Open(raw, note.VerifierList(verifiers...))
	if err != nil {
		fail("note: %v", err)
	}
	lines := strings.Split(found.Text, "\n")
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		fail("size: %v", err)
	}
	root, err := tlog.ParseHash(lines[2])
	if err != nil {
		fail("root: %v", err)
	}
	return size, root
}

// tiles serves an export's tiles to the Go package, whose paths name the tile height too.
type tiles struct{ out string }

func (t tiles) Height() int { return 8 }

func (t tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var found [][]byte
	for _, tile := range wanted {
		path := filepath.Join(t.out, strings.Replace(tile.Path(), "tile/8/", "tile/", 1))
		raw, err := os.ReadFile(path)
		if err != nil && tile.W < 256 {
			whole := tile
			whole.W = 256
			raw, err = os.ReadFile(filepath.Join(t.out, strings.Replace(whole.Path(), "tile/8/", "tile/", 1)))
			if err == nil {
				raw = raw[:tile.W*tlog.HashSize]
			}
		}
		if err != nil {
			return nil, err
		}
		found = append(found, raw)
	}
	return found, nil
}

func (t tiles) SaveTiles([]tlog.Tile, [][]byte) {}

func export(out string) {
	size, root := open(read(filepath.Join(out, "checkpoint")), string(read(filepath.Join(out, "keys.txt"))))
	reader := tlog.TileHashReader(tlog.Tree{N: size, Hash: root}, tiles{out})
	head, err := tlog.TreeHash(size, reader)
	if err != nil || head != root {
		fail("tree: %v %v", head, err)
	}
	count := int64(0)
	for number := int64(0); count < size; number++ {
		width := size - count
		if width > 256 {
			width = 256
		}
		tile := tlog.Tile{H: 8, L: -1, N: number, W: int(width)}
		path := strings.Replace(tile.Path(), "tile/8/data/", "tile/entries/", 1)
		bundle := read(filepath.Join(out, path))
		for len(bundle) > 0 {
			length := int(binary.BigEndian.Uint16(bundle))
			entry := bundle[2 : 2+length]
			bundle = bundle[2+length:]
			if err := checkRecord(size, root, count, entry, reader); err != nil {
				fail("entry %d: %v", count, err)
			}
			changed := append([]byte{}, entry...)
			changed[0] ^= 1
			if checkRecord(size, root, count, changed, reader) == nil {
				fail("entry %d holds although it was changed", count)
			}
			count++
		}
	}
	for old := int64(1); old < size; old += 1 + size/50 {
		before, err := tlog.TreeHash(old, reader)
		if err != nil {
			fail("tree of %d: %v", old, err)
		}
		proof, err := tlog.ProveTree(size, old, reader)
		if err != nil || tlog.CheckTree(proof, size, root, old, before) != nil {
			fail("consistency from %d: %v", old, err)
		}
	}
	fmt.Printf("holds %d\n", count)
}

func checkRecord(size int64, root tlog.Hash, index int64, entry []byte, reader tlog.HashReader) error {
	proof, err := tlog.ProveRecord(size, index, reader)
	if err != nil {
		return err
	}
	return tlog.CheckRecord(proof, size, root, index, tlog.RecordHash(entry))
}

func proof(path, entry, keys string) {
	head, checkpoint, _ := strings.Cut(string(read(path)), "\n\n")
	lines := strings.Split(head, "\n")
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[1], "index "), 10, 64)
	if err != nil || lines[0] != "c2sp.org/tlog-proof@v1" {
		fail("proof: %v", lines[0])
	}
	var hashes tlog.RecordProof
	for _, line := range lines[2:] {
		raw, err := base64.StdEncoding.DecodeString(line)
		if err != nil || len(raw) != tlog.HashSize {
			fail("hash: %q", line)
		}
		var hash tlog.Hash
		copy(hash[:], raw)
		hashes = append(hashes, hash)
	}
	size, root := open([]byte(checkpoint), string(read(keys)))
	if err := tlog.CheckRecord(hashes, size, root, index, tlog.RecordHash(read(entry))); err != nil {
		fail("%v", err)
	}
	fmt.Printf("holds %d\n", index)
}

func main() {
	if len(os.Args) == 2 {
		export(os.Args[1])
	} else {
		proof(os.Args[1], os.Args[2], os.Args[3])
	}
}
