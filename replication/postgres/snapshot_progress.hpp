// How far the first snapshot of a source's tables is, and how long it will take.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "replication/postgres/shared_state.hpp"
#include "replication/postgres/source.hpp"

namespace tailrace::replication {

// Over the tables whose snapshot is not committed; nothing: there is none. `now`: as by upstream_clock_now().
std::optional<SnapshotProgress> snapshot_progress(const std::vector<IngestedTable>& tables,
                                                  const SourceCounters& counters, std::int64_t now);

// In microseconds, at the mean pace since it began; nothing before there is one.
std::optional<std::int64_t> remaining_time(std::uint64_t known, std::uint64_t staged,
                                           std::int64_t elapsed);

}  // namespace tailrace::replication
