#include "replication/postgres/snapshot_progress.hpp"

#include <algorithm>

namespace tailrace::replication {

std::optional<std::int64_t> remaining_time(std::uint64_t known, std::uint64_t staged,
                                           std::int64_t elapsed) {
  if (staged >= known) return 0;
  if (staged == 0 || elapsed <= 0) return std::nullopt;
  const double for_each = static_cast<double>(elapsed) / static_cast<double>(staged);
  constexpr double longest = 9e15;  // what a double tells to the microsecond: centuries
  return static_cast<std::int64_t>(
      std::min(longest, for_each * static_cast<double>(known - staged)));
}

std::optional<SnapshotProgress> snapshot_progress(const std::vector<IngestedTable>& tables,
                                                  const SourceCounters& counters,
                                                  std::int64_t now) {
  SnapshotProgress progress;
  const std::int64_t began_at = counters.snapshot_began_at;
  bool is_counted = true;
  for (const IngestedTable& table : tables) {
    if (table.counters->snapshot_committed || table.counters->ceased) continue;
    ++progress.tables;
    const auto known = table.counters->snapshot_records_known.get();
    is_counted = is_counted && known;
    progress.records_known += known.value_or(0);
    progress.records_staged += table.counters->snapshot_records_staged.get().value_or(0);
  }
  if (progress.tables == 0) return std::nullopt;
  if (began_at == 0 || !is_counted) return progress;
  progress.began_at = began_at;
  progress.remaining =
      remaining_time(progress.records_known, progress.records_staged, now - began_at);
  return progress;
}

}  // namespace tailrace::replication
