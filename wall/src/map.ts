/** The basemap: drawn from the pack's own GeoJSON, offline, in the design's colours. */

import condensed from '@fontsource/ibm-plex-sans-condensed/files/ibm-plex-sans-condensed-latin-500-normal.woff2?url';
import type { FeatureCollection, Position } from 'geojson';
import { LngLatBounds, Map as MapLibre, setWorkerCount, setWorkerUrl, type FilterSpecification, type StyleSpecification } from 'maplibre-gl';
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url';

setWorkerUrl(new URL(workerUrl, import.meta.url).href);
setWorkerCount(1);

const FONT = 'Plex Condensed';
const is = (feature: string): FilterSpecification => ['==', ['get', 'feature'], feature];

function style(map: FeatureCollection, colour: (name: string) => string): StyleSpecification {
  const text = { 'text-font': [FONT], 'text-size': 14, 'text-letter-spacing': 0.04 };
  const paint = { 'text-color': colour('--label'), 'text-halo-color': colour('--room'), 'text-halo-width': 1.2 };
  return {
    version: 8,
    'font-faces': { [FONT]: [{ url: new URL(condensed, document.baseURI).href, 'unicode-range': ['U+0000-00FF'] }] },
    sources: { pack: { type: 'geojson', data: map }, grid: { type: 'geojson', data: graticule(map) } },
    layers: [
      { id: 'sea', type: 'background', paint: { 'background-color': colour('--sea') } },
      { id: 'grid', type: 'line', source: 'grid', paint: { 'line-color': colour('--grid'), 'line-width': 1 } },
      { id: 'shelf', type: 'line', source: 'pack', filter: is('land'), paint: { 'line-color': colour('--shelf'), 'line-width': 26, 'line-blur': 8 } },
      { id: 'shoal', type: 'line', source: 'pack', filter: is('land'), paint: { 'line-color': colour('--shoal'), 'line-width': 12, 'line-blur': 4 } },
      { id: 'land', type: 'fill', source: 'pack', filter: is('land'), paint: { 'fill-color': colour('--land') } },
      { id: 'coast', type: 'line', source: 'pack', filter: is('land'), paint: { 'line-color': colour('--coast'), 'line-width': 1.1 } },
      { id: 'district', type: 'fill', source: 'pack', filter: is('district'), paint: { 'fill-color': colour('--land-3') } },
      { id: 'district-edge', type: 'line', source: 'pack', filter: is('district'), paint: { 'line-color': colour('--coast'), 'line-width': 0.8 } },
      { id: 'corridor', type: 'fill', source: 'pack', filter: is('corridor'), paint: { 'fill-color': colour('--edge'), 'fill-opacity': 0.1 } },
      { id: 'corridor-edge', type: 'line', source: 'pack', filter: is('corridor'), paint: { 'line-color': colour('--edge'), 'line-width': 1, 'line-opacity': 0.55 } },
      { id: 'party-line', type: 'line', source: 'pack', filter: is('party_line'), paint: { 'line-color': colour('--other'), 'line-width': 1.4, 'line-dasharray': [1, 3], 'line-opacity': 0.8 } },
      { id: 'airfield', type: 'symbol', source: 'pack', filter: is('airfield'), layout: { ...text, 'text-field': '+', 'text-size': 22, 'text-allow-overlap': true }, paint: { ...paint, 'text-halo-width': 0 } },
      { id: 'land-name', type: 'symbol', source: 'pack', filter: is('land'), layout: { ...text, 'text-field': ['upcase', ['get', 'name']], 'text-size': 17, 'text-letter-spacing': 0.3 }, paint },
      { id: 'town', type: 'symbol', source: 'pack', minzoom: 7.6, filter: is('town'), layout: { ...text, 'text-field': ['get', 'name'] }, paint },
      { id: 'district-name', type: 'symbol', source: 'pack', minzoom: 9.2, filter: is('district'), layout: { ...text, 'text-field': ['get', 'name'] }, paint },
      { id: 'corridor-name', type: 'symbol', source: 'pack', filter: is('corridor'), layout: { ...text, 'symbol-placement': 'line', 'symbol-spacing': 520, 'text-offset': [0, -0.9], 'text-field': ['concat', ['get', 'id'], '  FL', ['to-string', ['/', ['get', 'floor_ft'], 100]], '–', ['to-string', ['/', ['get', 'ceiling_ft'], 100]]] }, paint },
    ],
  };
}

/** One-degree lines around what the map holds. */
function graticule(map: FeatureCollection): FeatureCollection {
  const [west, south, east, north] = extent(map);
  const lines: Position[][] = [];
  for (let lon = Math.floor(west) - 6; lon <= east + 6; lon++) lines.push([[lon, south - 6], [lon, north + 6]]);
  for (let lat = Math.floor(south) - 6; lat <= north + 6; lat++) lines.push([[west - 6, lat], [east + 6, lat]]);
  return { type: 'FeatureCollection', features: [{ type: 'Feature', properties: {}, geometry: { type: 'MultiLineString', coordinates: lines } }] };
}

function extent(map: FeatureCollection): [number, number, number, number] {
  let [west, south, east, north] = [180, 90, -180, -90];
  const widen = (part: unknown): void => {
    if (!Array.isArray(part)) return;
    const [lon, lat] = part as [unknown, unknown];
    if (typeof lon === 'number' && typeof lat === 'number') {
      [west, south, east, north] = [Math.min(west, lon), Math.min(south, lat), Math.max(east, lon), Math.max(north, lat)];
    } else part.forEach(widen);
  };
  for (const feature of map.features) {
    if (feature.properties?.['feature'] === 'land' && 'coordinates' in feature.geometry) widen(feature.geometry.coordinates);
  }
  return west > east ? [-10, 35, 20, 60] : [west, south, east, north];
}

/** A map in an element; it is ready when its first tiles stand. */
export function createMap(container: HTMLElement, map: FeatureCollection): MapLibre {
  const styles = getComputedStyle(document.documentElement);
  const colour = (name: string): string => styles.getPropertyValue(name).trim();
  const [west, south, east, north] = extent(map);
  return new MapLibre({
    container,
    style: style(map, colour),
    bounds: new LngLatBounds([west, south], [east, north]),
    fitBoundsOptions: { padding: 60 },
    attributionControl: false,
    fadeDuration: 0,
    renderWorldCopies: false,
    dragRotate: false,
    pitchWithRotate: false,
    maxPitch: 0,
    maxZoom: 12,
    canvasContextAttributes: { antialias: false },
  });
}
