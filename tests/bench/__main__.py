"""``make bench``: every benchmark, one after the other."""

from __future__ import annotations

from tests.bench import (
    bench_diff,
    bench_fleet,
    bench_lost_updates,
    bench_memory,
    bench_overhead,
    bench_start,
    bench_window,
)

if __name__ == "__main__":
    for benchmark in (
        bench_start,
        bench_overhead,
        bench_window,
        bench_lost_updates,
        bench_diff,
        bench_fleet,
        bench_memory,
    ):
        print(f"\n## {benchmark.__name__.rpartition('.')[2]}\n\n{benchmark.__doc__}\n", flush=True)
        benchmark.main()
