"""The two platforms behind one port; the adapters share a transport and know nothing else."""
