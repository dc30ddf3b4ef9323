#include "engine/cluster/dataflow_inputs.hpp"

#include <algorithm>

#include "engine/cluster/arrangement_snapshot.hpp"
#include "engine/dataflow/arranged_batch.hpp"

namespace tailrace::engine {

std::unique_ptr<DataflowInputs> DataflowInputs::open(
    storage::Store& store, const FindIndexOn& find_index,
    const std::vector<storage::CollectionId>& collections, std::optional<Timestamp> as_of,
    std::function<void()> wake) {
  std::unique_ptr<DataflowInputs> inputs(new DataflowInputs());
  inputs->store_ = &store;
  inputs->wake_ = std::move(wake);
  // 1. Where each is read.
  for (const storage::CollectionId collection : collections) {
    if (store.describe(collection)) {
      inputs->stored_.push_back(collection);
    } else if (auto arrangement = find_index(collection)) {
      inputs->indexes_.push_back({collection, std::move(arrangement), nullptr, nullptr});
    } else {
      return nullptr;
    }
  }
  // 2. The latest time that all have reached; a collection without any contents yet is waited for.
  if (!as_of) {
    Timestamp latest = store.latest_time();
    for (const storage::CollectionId collection : inputs->stored_) {
      const Timestamp upper = store.upper(collection);
      if (upper > 0) latest = std::min(latest, upper - 1);
    }
    for (const FromIndex& index : inputs->indexes_)
      latest = std::min(latest, index.arrangement->view()->upper - 1);
    as_of = latest;
  }
  inputs->as_of_ = *as_of;
  // 3. Hold it, or the first time after it that can be held.
  std::vector<storage::ReadHoldPtr> holds;
  while (true) {
    Timestamp held = inputs->as_of_;
    holds = store.hold(inputs->stored_, inputs->as_of_);
    for (const storage::ReadHoldPtr& hold : holds) held = std::max(held, hold->time());
    for (FromIndex& index : inputs->indexes_)
      held = std::max(held, index.arrangement->view()->since);
    if (held == inputs->as_of_) {
      try {
        for (FromIndex& index : inputs->indexes_) index.hold = index.arrangement->hold(held);
        break;
      } catch (const SqlError&) {
        continue;  // since moved on in between
      }
    }
    inputs->as_of_ = held;
  }
  // 4. Listen to what comes after it: that holds it from now on. (Changes at the time itself may have been
  // compacted away with what was before.)
  if (!inputs->stored_.empty()) {
    inputs->listener_ = store.listen(inputs->stored_, inputs->as_of_ + 1);
    inputs->listener_->on_progress(inputs->wake_);
    inputs->stored_upper_ = inputs->as_of_ + 1;
  }
  inputs->start_following();
  inputs->lower_ = inputs->as_of_ + 1;
  return inputs;
}

void DataflowInputs::start_following() {
  for (FromIndex& index : indexes_) {
    index.follower = index.arrangement->follow(as_of_ + 1, wake_);
    index.hold = nullptr;  // the follower has its view
  }
}

bool DataflowInputs::ready() const {
  for (const storage::CollectionId collection : stored_) {
    if (store_->upper(collection) <= as_of_) return false;
  }
  for (const FromIndex& index : indexes_) {
    if (index.follower->upper() <= as_of_) return false;
  }
  return true;
}

void DataflowInputs::open_snapshots() {
  snapshots_.emplace();
  for (const storage::CollectionId collection : stored_) {
    snapshots_->emplace(collection, store_->snapshot(collection, as_of_));
  }
  for (const FromIndex& index : indexes_) {
    snapshots_->emplace(
        index.collection,
        arrangement_snapshot(index.follower->start(), index.arrangement->types().size(), as_of_));
  }
}

bool DataflowInputs::next_piece(const std::vector<Graph::Source>& sources, Piece& piece) {
  if (!snapshots_) open_snapshots();
  while (next_source_ < sources.size()) {
    const Graph::Source& source = sources[next_source_];
    const storage::Snapshot& snapshot = snapshots_->at(source.collection);
    piece = {.source = &source};
    // Errors once a collection, with its first source.
    bool first = true;
    for (std::size_t i = 0; i < next_source_; ++i)
      first = first && sources[i].collection != source.collection;
    if (first && !errors_given_) {
      errors_given_ = true;
      std::vector<Batch> errors;
      for (const storage::ChunkPtr& chunk : snapshot.errors.chunks)
        errors.push_back(chunk->read(error_columns()));
      if (!errors.empty()) {
        piece.errors = concatenate(errors).with_time(as_of_);
        if (!piece.errors.empty()) return true;
      }
    }
    if (source.wanted_in_bulk() && next_chunk_ < snapshot.rows.chunks.size()) {
      piece.rows = snapshot.rows.chunks[next_chunk_++]->read(source.columns).with_time(as_of_);
      return true;
    }
    ++next_source_;
    next_chunk_ = 0;
    errors_given_ = false;
  }
  snapshots_.reset();
  return false;
}

void DataflowInputs::poll(std::size_t bytes_hint) {
  if (!listener_ || stored_upper_ > upper()) return;  // an index is behind: no use in more
  if (auto changes = listener_->poll(bytes_hint)) {
    stored_upper_ = changes->upper;
    for (auto& changed : changes->changed) {
      Waiting& waiting = waiting_[changed.collection];
      for (auto& chunk : changed.rows.chunks) waiting.rows.push_back(std::move(chunk));
      for (auto& chunk : changed.errors.chunks) waiting.errors.push_back(std::move(chunk));
    }
  }
}

Timestamp DataflowInputs::upper() const {
  Timestamp upper = stored_upper_;
  for (const FromIndex& index : indexes_) upper = std::min(upper, index.follower->upper());
  return upper;
}

bool DataflowInputs::has_changes() const {
  if (!waiting_.empty()) return true;
  return std::any_of(indexes_.begin(), indexes_.end(),
                     [](const FromIndex& index) { return index.follower->has_changes(); });
}

std::map<storage::CollectionId, DataflowInputs::Waiting> DataflowInputs::collect(Timestamp upper) {
  std::map<storage::CollectionId, Waiting> now;
  if (upper >= stored_upper_) {
    now = std::move(waiting_);
    waiting_.clear();
  } else {
    now = waiting_;  // read() leaves out what is later, and what was read before
  }
  for (FromIndex& index : indexes_) {
    StepChanges changes = index.follower->take(upper);
    Waiting& waiting = now[index.collection];
    for (Batch& rows : changes.rows) {
      waiting.rows.push_back(storage::chunk_of(std::make_shared<const Batch>(std::move(rows))));
    }
    for (Batch& errors : changes.errors) {
      waiting.errors.push_back(storage::chunk_of(std::make_shared<const Batch>(std::move(errors))));
    }
  }
  return now;
}

Batch DataflowInputs::read(const storage::Chunk& chunk, const std::vector<int>& columns,
                           Timestamp upper) const {
  Batch rows = chunk.read(columns);
  if (rows.times.is_uniform()) {
    const Timestamp time = rows.times.uniform_value();
    if (time >= lower_ && time < upper) return rows;
    return slice(rows, 0, 0);
  }
  std::vector<std::uint32_t> kept;
  for (std::uint32_t row = 0; row < rows.rows; ++row) {
    if (rows.times[row] >= lower_ && rows.times[row] < upper) kept.push_back(row);
  }
  return kept.size() == rows.rows ? rows : gather(rows, kept);
}

const std::vector<int>& DataflowInputs::error_columns() {
  static const std::vector<int> columns = all_columns(error_schema().size());
  return columns;
}

}  // namespace tailrace::engine
