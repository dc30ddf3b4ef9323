#include "engine/cluster/arrangement_snapshot.hpp"

#include "engine/dataflow/group_window.hpp"

namespace tailrace::engine {

namespace {

constexpr std::size_t chunk_rows = 65536;

// A stretch of a run, as of a time.
class RunChunk final : public storage::Chunk {
 public:
  RunChunk(BatchHandle run, std::size_t first, std::size_t count, Timestamp time)
      : run_(std::move(run)), first_(first), count_(count), time_(time) {}

  std::size_t rows_max() const override { return count_; }
  bool may_match(std::span<const storage::ColumnRange>) const override { return true; }
  Batch read(std::span<const int> columns) const override {
    Batch rows = run_->rows.project(columns);
    if (first_ != 0 || count_ != rows.rows) rows = slice(rows, first_, count_);
    if (rows.times.is_uniform())
      return rows.times.uniform_value() <= time_ ? rows : slice(rows, 0, 0);
    std::vector<std::uint32_t> kept;
    for (std::uint32_t row = 0; row < rows.rows; ++row) {
      if (rows.times[row] <= time_) kept.push_back(row);
    }
    return kept.size() == rows.rows ? rows : gather(rows, kept);
  }

 private:
  BatchHandle run_;
  std::size_t first_, count_;
  Timestamp time_;
};

}  // namespace

Batch errors_at(const SharedArrangement::View& view, Timestamp time) {
  std::vector<Batch> errors;
  for (const Batch& batch : view.errors) {
    std::vector<std::uint32_t> kept;
    for (std::uint32_t row = 0; row < batch.rows; ++row) {
      if (batch.times[row] <= time) kept.push_back(row);
    }
    if (!kept.empty()) errors.push_back(gather(batch, kept).with_time(time));
  }
  return errors.empty() ? Batch() : consolidate(concatenate(errors));
}

storage::Snapshot arrangement_snapshot(std::shared_ptr<const SharedArrangement::View> view,
                                       std::size_t, Timestamp time) {
  storage::Snapshot snapshot;
  snapshot.time = time;
  for (const BatchHandle& run : view->runs) {
    for (std::size_t first = 0; first < run->size(); first += chunk_rows) {
      const std::size_t count = std::min(chunk_rows, run->size() - first);
      snapshot.rows.chunks.push_back(std::make_shared<RunChunk>(run, first, count, time));
    }
  }
  Batch errors = errors_at(*view, time);
  if (!errors.empty()) {
    snapshot.errors.chunks.push_back(
        storage::chunk_of(std::make_shared<const Batch>(std::move(errors))));
  }
  return snapshot;
}

Batch lookup_in(const SharedArrangement::View& view, std::span<const int> key_columns,
                std::size_t width, const Batch& keys, Timestamp time) {
  // 1. The keys, sorted as the runs are: each once, none NULL.
  const std::vector<int> columns = all_columns(keys.columns.size());
  const Batch wanted = distinct_groups(without_nulls(keys, columns), columns);
  ArrangedBatch probe;
  hash_rows(wanted, columns, Equality::sql, probe.hashes);
  probe.rows = wanted;
  BatchHandle sorted;
  if (wanted.rows > 1) sorted = arrange(wanted.with_time(0).with_diff(1), columns);
  // 2. What each run has.
  std::vector<Batch> found;
  for (const BatchHandle& run : view.runs) {
    std::vector<std::uint32_t> rows;
    match(sorted ? *sorted : probe, columns, *run, key_columns, [&](std::size_t, std::size_t row) {
      if (run->rows.times[row] <= time) rows.push_back(static_cast<std::uint32_t>(row));
    });
    if (rows.empty()) continue;
    Batch picked;
    picked.rows = rows.size();
    for (std::size_t c = 0; c < width; ++c)
      picked.columns.push_back(gather(run->rows.columns[c], rows));
    if (run->rows.diffs.is_uniform()) {
      picked.diffs = run->rows.diffs;
    } else {
      std::vector<Diff> diffs;
      for (const std::uint32_t row : rows) diffs.push_back(run->rows.diffs[row]);
      picked.diffs = PerRow<Diff>::each(std::move(diffs));
    }
    picked.times = PerRow<Timestamp>::uniform(time);
    found.push_back(std::move(picked));
  }
  // 3. Together.
  if (found.size() == 1 && found[0].rows == 1) return std::move(found[0]);
  if (found.empty()) return Batch();
  return consolidate(found.size() == 1 ? found[0] : concatenate(found));
}

}  // namespace tailrace::engine
