"""What the integration tests, the demo and the benchmarks share: real servers, started, watched and stopped."""
