#include "engine/coordinator/snapshot_wait.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tailrace::engine {

namespace {

constexpr std::chrono::seconds interval_max(60);

std::string clock_time(std::int64_t microseconds) {
  const std::int64_t seconds = (microseconds + 999'999) / 1'000'000;
  return fmt::format("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

}  // namespace

std::string describe(const replication::SnapshotProgress& progress) {
  if (!progress.began_at) return "it has not begun";
  const std::uint64_t known = std::max(progress.records_known, progress.records_staged);
  // Whole percents, and 100 only when all is there.
  const std::uint64_t percent =
      known == 0 ? 0 : static_cast<std::uint64_t>(100.0 * progress.records_staged / known);
  std::string text = fmt::format("{}% of about {} rows have been read", percent, known);
  if (progress.remaining) text += fmt::format(", about {} left", clock_time(*progress.remaining));
  return text;
}

void SnapshotWait::tell(const std::string& table, const std::string& source_name,
                        const replication::PostgresSource* source) {
  const Clock::time_point now = Clock::now();
  if (now < next_) return;
  interval_ = std::min(interval_ * 2, interval_max);
  next_ = now + interval_;
  if (!tell_) return;
  const std::string waits = fmt::format(
      "waiting for the first snapshot of table \"{}\" by source \"{}\": ", table, source_name);
  if (source == nullptr) {
    tell_(waits + "the source is not running; does its cluster have a replica?");
    return;
  }
  const auto progress = source->snapshot();
  tell_(waits + (progress ? describe(*progress) : "it is being committed"));
}

}  // namespace tailrace::engine
