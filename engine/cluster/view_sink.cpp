#include "engine/cluster/view_sink.hpp"

#include <fmt/format.h>

#include "engine/dataflow/arranged_batch.hpp"
#include "repr/order.hpp"

namespace tailrace::engine {

namespace {

// The same for equal multisets of rows, however they are cut and cancelled; different otherwise,
// but for a chance of 2^-64.
class Fingerprint {
 public:
  void add(const Batch& batch) {
    if (batch.empty()) return;
    std::vector<std::uint64_t> hashes;
    hash_rows(batch, all_columns(batch.columns.size()), Equality::identity, hashes);
    for (std::size_t row = 0; row < batch.rows; ++row) {
      sum_ += (hashes[row] | 1) * static_cast<std::uint64_t>(batch.diffs[row]);
    }
  }
  friend bool operator==(const Fingerprint&, const Fingerprint&) = default;

 private:
  std::uint64_t sum_ = 0;
};

std::vector<Batch> read_all(const storage::Chunks& chunks, std::size_t width) {
  std::vector<Batch> batches;
  for (const storage::ChunkPtr& chunk : chunks.chunks)
    batches.push_back(chunk->read(all_columns(width)));
  return batches;
}

bool same_contents(const std::vector<Batch>& batches, const storage::Chunks& stored,
                   std::size_t width) {
  Fingerprint mine, theirs;
  for (const Batch& batch : batches) mine.add(batch);
  for (const storage::ChunkPtr& chunk : stored.chunks) theirs.add(chunk->read(all_columns(width)));
  return mine == theirs;
}

// What turns the stored contents into these.
std::vector<Batch> difference(std::vector<Batch> batches, const storage::Chunks& stored,
                              std::size_t width, Timestamp time) {
  for (Batch& batch : read_all(stored, width)) batches.push_back(batch.negated());
  for (Batch& batch : batches) batch = batch.with_time(time);
  return batches;
}

// Until the first append there is no time at which a derived collection could be read.
bool is_written(storage::Store& store, storage::CollectionId view) {
  return store.since(view) < store.upper(view);
}

}  // namespace

Batch consolidated(const std::vector<Batch>& batches) {
  if (batches.empty()) return Batch();
  return consolidate(batches.size() == 1 ? batches[0] : concatenate(batches));
}

Timestamp ViewSink::first_time(storage::Store& store, storage::CollectionId view, Timestamp as_of) {
  const Timestamp upper = store.upper(view);
  return is_written(store, view) ? upper - 1 : std::max(as_of, upper);
}

void ViewSink::hydrate(StepChanges contents, Workers*) {
  const Timestamp written = store_.upper(view_);
  if (!is_written(store_, view_)) {
    contents.lower = written;
    return write(std::move(contents));
  }
  const auto description = store_.describe(view_);
  if (!description)
    throw SqlError(sqlstate::undefined_table, "the materialized view's collection was dropped");
  const std::size_t width = description->schema.size(), error_width = error_schema().size();
  const storage::Snapshot stored = store_.snapshot(view_, written - 1);
  const bool same = same_contents(contents.rows, stored.rows, width) &&
                    same_contents(contents.errors, stored.errors, error_width);
  if (written == contents.upper && same) return;
  if (written > contents.upper) {
    throw SqlError(sqlstate::internal_error, "the materialized view was written by somebody else");
  }
  if (written == contents.upper && log_) {
    log_(fmt::format("materialized view {} differed from its definition; correcting it",
                     view_.value));
  }
  // The next time that can be written: this one, if nothing is written there yet.
  const Timestamp time = written == contents.upper ? contents.upper : contents.upper - 1;
  StepChanges correction{written, contents.upper, {}, {}};
  if (!same) {
    correction.rows = difference(std::move(contents.rows), stored.rows, width, time);
    correction.errors = difference(std::move(contents.errors), stored.errors, error_width, time);
  }
  if (written == contents.upper) {
    correction_ = std::move(correction);
  } else {
    write(std::move(correction));
  }
}

void ViewSink::append(StepChanges changes, Workers*) {
  if (!correction_.rows.empty() || !correction_.errors.empty()) {
    for (Batch& batch : correction_.rows) changes.rows.push_back(std::move(batch));
    for (Batch& batch : correction_.errors) changes.errors.push_back(std::move(batch));
    correction_ = {};
  }
  write(std::move(changes));
}

void ViewSink::write(StepChanges changes) {
  Delta delta;
  Batch rows = consolidated(changes.rows), errors = consolidated(changes.errors);
  if (!rows.empty()) delta.rows.push_back(std::make_shared<const Batch>(std::move(rows)));
  if (!errors.empty()) delta.errors.push_back(std::make_shared<const Batch>(std::move(errors)));
  const storage::AppendOutcome outcome =
      store_.append(view_, changes.lower, changes.upper, std::move(delta));
  if (!outcome.appended) {
    throw SqlError(
        sqlstate::internal_error,
        fmt::format(
            "the materialized view was written by somebody else: its upper is {} and not {}",
            outcome.upper, changes.lower));
  }
}

}  // namespace tailrace::engine
