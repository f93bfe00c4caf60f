"""The F3548 directory: what stands in it (`standing`), and who may change it (`entering`, `subscribing`)."""
