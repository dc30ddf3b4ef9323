#include "storage/chunk.hpp"

#include <algorithm>

#include "repr/order.hpp"

namespace tailrace::storage {

namespace {

constexpr std::size_t chunk_rows_max = 64 << 10;

// Rows [first, first + count) of a batch.
class MemoryChunk final : public Chunk {
 public:
  MemoryChunk(BatchPtr batch, std::size_t first, std::size_t count, std::optional<TimeRange> range)
      : batch_(std::move(batch)), first_(first), count_(count), range_(range) {}

  std::size_t rows_max() const override { return count_; }
  bool may_match(std::span<const ColumnRange>) const override { return true; }
  bool may_retract() const override {
    const auto& diffs = batch_->diffs;
    if (diffs.is_uniform()) return diffs.uniform_value() < 0;
    return std::ranges::any_of(std::span(diffs.values()).subspan(first_, count_),
                               [](Diff diff) { return diff < 0; });
  }
  Batch read(std::span<const int> columns) const override {
    Batch batch = batch_->project(columns);
    if (count_ < batch.rows) batch = slice(batch, first_, count_);
    return range_ ? within(batch, *range_) : batch;
  }

 private:
  BatchPtr batch_;
  std::size_t first_;
  std::size_t count_;
  std::optional<TimeRange> range_;  // none: all of it is wanted
};

class PartChunk final : public Chunk {
 public:
  PartChunk(ManifestEntry entry, std::size_t chunk, std::optional<TimeRange> range)
      : entry_(std::move(entry)), chunk_(chunk), range_(range) {}

  std::size_t rows_max() const override { return entry_.part->directory().chunks[chunk_].rows; }

  bool may_match(std::span<const ColumnRange> ranges) const override {
    const PartDirectory& directory = entry_.part->directory();
    for (const ColumnRange& wanted : ranges) {
      const auto column = static_cast<std::size_t>(wanted.column);
      if (directory.only_nulls[column][chunk_]) return false;
      const Type& type = directory.types[column];
      if (wanted.min && !directory.maxima[column]->is_null(chunk_) &&
          compare_values(type, directory.maxima[column]->value(chunk_), *wanted.min,
                         Equality::sql) < 0) {
        return false;
      }
      if (wanted.max && !directory.minima[column]->is_null(chunk_) &&
          compare_values(type, directory.minima[column]->value(chunk_), *wanted.max,
                         Equality::sql) > 0) {
        return false;
      }
    }
    return true;
  }

  bool may_retract() const override {
    const PartChunkInfo& info = entry_.part->directory().chunks[chunk_];
    return info.min_diff * entry_.sign < 0 || info.max_diff * entry_.sign < 0;
  }

  Batch read(std::span<const int> columns) const override {
    Batch batch = as_entered(entry_.part->read_chunk(chunk_, columns), entry_);
    return range_ ? within(batch, *range_) : batch;
  }

 private:
  ManifestEntry entry_;
  std::size_t chunk_;
  std::optional<TimeRange> range_;
};

std::optional<TimeRange> unless_covered(TimeRange range, Timestamp min, Timestamp max) {
  if (range.covers(min, max)) return std::nullopt;
  return range;
}

}  // namespace

std::size_t Chunks::rows_max() const {
  std::size_t rows = 0;
  for (const auto& chunk : chunks) rows += chunk->rows_max();
  return rows;
}

ChunkPtr chunk_of(BatchPtr batch) {
  const std::size_t rows = batch->rows;
  return std::make_shared<MemoryChunk>(std::move(batch), 0, rows, std::nullopt);
}

void add_chunks(const ManifestEntry& entry, TimeRange range, Chunks& rows, Chunks& errors) {
  if (!range.overlaps(entry.min_time(), entry.max_time())) return;
  Chunks& out = entry.part->info().errors ? errors : rows;
  const PartDirectory& directory = entry.part->directory();
  for (std::size_t i = 0; i < directory.chunks.size(); ++i) {
    const Timestamp min = std::max(entry.time, directory.chunks[i].min_time);
    const Timestamp max = std::max(entry.time, directory.chunks[i].max_time);
    if (!range.overlaps(min, max)) continue;
    out.chunks.push_back(std::make_shared<PartChunk>(entry, i, unless_covered(range, min, max)));
  }
}

void add_chunks(const TailRunPtr& run, TimeRange range, Chunks& rows, Chunks& errors) {
  if (!range.overlaps(run->min_time, run->max_time)) return;
  Chunks& out = run->errors ? errors : rows;
  const auto wanted = unless_covered(range, run->min_time, run->max_time);
  for (std::size_t first = 0; first < run->batch->rows; first += chunk_rows_max) {
    const std::size_t count = std::min(chunk_rows_max, run->batch->rows - first);
    out.chunks.push_back(std::make_shared<MemoryChunk>(run->batch, first, count, wanted));
  }
}

Batch as_entered(Batch batch, const ManifestEntry& entry) {
  if (entry.sign != 1) {
    if (batch.diffs.is_uniform()) {
      batch.diffs = PerRow<Diff>::uniform(batch.diffs.uniform_value() * entry.sign);
    } else {
      std::vector<Diff> diffs = batch.diffs.values();
      for (Diff& diff : diffs) diff *= entry.sign;
      batch.diffs = PerRow<Diff>::each(std::move(diffs));
    }
  }
  if (entry.time == 0) return batch;
  if (batch.times.is_uniform()) {
    batch.times = PerRow<Timestamp>::uniform(std::max(entry.time, batch.times.uniform_value()));
  } else {
    std::vector<Timestamp> times = batch.times.values();
    for (Timestamp& time : times) time = std::max(time, entry.time);
    batch.times = PerRow<Timestamp>::each(std::move(times));
  }
  return batch;
}

Batch within(const Batch& batch, TimeRange range) {
  auto wanted = [&](Timestamp time) { return time >= range.from && time < range.until; };
  if (batch.times.is_uniform()) {
    return batch.rows == 0 || wanted(batch.times.uniform_value()) ? batch : slice(batch, 0, 0);
  }
  std::vector<std::uint32_t> rows;
  rows.reserve(batch.rows);
  for (std::size_t row = 0; row < batch.rows; ++row) {
    if (wanted(batch.times[row])) rows.push_back(static_cast<std::uint32_t>(row));
  }
  return rows.size() == batch.rows ? batch : gather(batch, rows);
}

}  // namespace tailrace::storage
