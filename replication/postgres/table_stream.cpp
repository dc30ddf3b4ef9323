#include "replication/postgres/table_stream.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "replication/postgres/compatibility.hpp"

namespace tailrace::replication {

using pgoutput::TupleValue;

namespace {

void append(Delta& to, Delta more) {
  for (BatchPtr& batch : more.rows) to.rows.push_back(std::move(batch));
  for (BatchPtr& batch : more.errors) to.errors.push_back(std::move(batch));
}

}  // namespace

TableStream::TableStream(std::shared_ptr<const TableExport> table,
                         std::shared_ptr<TableCounters> counters, storage::Store& store)
    : table_(std::move(table)),
      decoder_(std::make_shared<const RowDecoder>(table_)),
      counters_(std::move(counters)),
      store_(store),
      old_fields_(table_->schema.size()),
      new_fields_(table_->schema.size()),
      buffer_(decoder_),
      by_key_(decoder_) {}

void TableStream::describe(const pgoutput::Relation& relation) {
  described_ = true;
  description_failure_ = incompatibility(*table_, relation, column_of_);
  if (sends_keys_ != (relation.identity != 'f')) errors_.reset();
  sends_keys_ = relation.identity != 'f';
}

bool TableStream::must_spill_before(const pgoutput::Relation& relation) const {
  return sends_keys_ != (relation.identity != 'f') && (!buffer_.empty() || !by_key_.empty());
}

TableStream::Failure TableStream::old_row_missing() const {
  return fmt::format("Old row missing from replication stream for table with OID {}",
                     table_->upstream.oid);
}

TableStream::Failure TableStream::fill(const pgoutput::Tuple& tuple,
                                       std::vector<FieldValue>& fields,
                                       const std::vector<FieldValue>* old_fields) {
  if (description_failure_) return description_failure_;
  if (!described_) {
    throw SqlError(sqlstate::protocol_violation,
                   fmt::format("upstream sent a row of table {} before its description",
                               table_->upstream.oid));
  }
  if (tuple.count() < column_of_.size()) {
    return altered_text(table_->upstream, "a row has fewer columns than the table");
  }
  unchanged_.clear();
  tuple.for_each([&](std::uint16_t index, const TupleValue& value) {
    const int column = index < column_of_.size() ? column_of_[index] : -1;
    if (column < 0) return;
    FieldValue& field = fields[static_cast<std::size_t>(column)];
    switch (value.kind) {
      case TupleValue::Kind::null:
        field = {};
        break;
      case TupleValue::Kind::text:
        field = {FieldValue::Form::text, value.bytes};
        break;
      case TupleValue::Kind::binary:
        field = {FieldValue::Form::binary, value.bytes};
        break;
      case TupleValue::Kind::unchanged_toast:
        // Upstream does not send a large value that stayed the same; the old row has it.
        if (old_fields != nullptr) {
          field = (*old_fields)[static_cast<std::size_t>(column)];
        } else {
          field = {};
          unchanged_.push_back(column);
        }
        break;
    }
  });
  return std::nullopt;
}

std::vector<FieldValue> TableStream::key_of(const std::vector<FieldValue>& fields) const {
  std::vector<FieldValue> key;
  key.reserve(table_->key.size());
  for (const int column : table_->key) key.push_back(fields[static_cast<std::size_t>(column)]);
  return key;
}

TableStream::Failure TableStream::insert(const pgoutput::Insert& change, Lsn commit_lsn) {
  if (auto failure = fill(change.row, new_fields_, nullptr)) return failure;
  if (!unchanged_.empty()) return old_row_missing();
  if (sends_keys_) {
    by_key_.insert(new_fields_, commit_lsn);
  } else {
    buffer_.append(new_fields_, 1, commit_lsn);
  }
  return std::nullopt;
}

TableStream::Failure TableStream::update(const pgoutput::Update& change, Lsn commit_lsn) {
  if (sends_keys_) return update_by_key(change, commit_lsn);
  if (change.old_kind != pgoutput::OldRow::full) return old_row_missing();
  if (auto failure = fill(change.old_row, old_fields_, nullptr)) return failure;
  if (!unchanged_.empty()) return old_row_missing();
  if (auto failure = fill(change.new_row, new_fields_, &old_fields_)) return failure;
  buffer_.append(old_fields_, -1, commit_lsn);
  buffer_.append(new_fields_, 1, commit_lsn);
  return std::nullopt;
}

// Without an old key the row keeps the one that it has.
TableStream::Failure TableStream::update_by_key(const pgoutput::Update& change, Lsn commit_lsn) {
  const bool has_old_key = change.old_kind != pgoutput::OldRow::none;
  if (has_old_key) {
    if (auto failure = fill(change.old_row, old_fields_, nullptr)) return failure;
  }
  if (auto failure = fill(change.new_row, new_fields_, nullptr)) return failure;
  // A key may itself be too large to be sent again: then the old one is there.
  for (const int column : table_->key) {
    if (std::erase(unchanged_, column) == 0) continue;
    if (!has_old_key) return old_row_missing();
    new_fields_[static_cast<std::size_t>(column)] = old_fields_[static_cast<std::size_t>(column)];
  }
  by_key_.update(key_of(has_old_key ? old_fields_ : new_fields_), new_fields_, unchanged_,
                 commit_lsn);
  return std::nullopt;
}

TableStream::Failure TableStream::remove(const pgoutput::Delete& change, Lsn commit_lsn) {
  if (!sends_keys_ && change.old_kind != pgoutput::OldRow::full) return old_row_missing();
  if (auto failure = fill(change.old_row, old_fields_, nullptr)) return failure;
  if (!unchanged_.empty()) return old_row_missing();
  if (sends_keys_) {
    by_key_.remove(key_of(old_fields_), commit_lsn);
  } else {
    buffer_.append(old_fields_, -1, commit_lsn);
  }
  return std::nullopt;
}

void TableStream::truncate(Lsn commit_lsn) {
  clear();
  truncated_ = true;
  truncated_at_ = commit_lsn;
  errors_.emplace();
}

void TableStream::start_copying() {
  clear();
  truncated_ = false;
  truncated_at_ = 0;
  dropped_lsn_ = 0;
  snapshot_lsn = 0;
  errors_.reset();
  phase = Phase::copying;
}

bool TableStream::start_at(Lsn lsn) {
  snapshot_lsn = lsn;
  buffer_.drop_before(lsn);
  by_key_.drop_before(lsn);
  if (truncated_ && truncated_at_ < lsn) {
    truncated_ = false;
    errors_.reset();  // the snapshot's count
  }
  return dropped_lsn_ < lsn;
}

void TableStream::drop_kept_back() {
  dropped_lsn_ = std::max({dropped_lsn_, buffer_.last_lsn(), by_key_.last_lsn()});
  buffer_.clear();
  by_key_.clear();
}

void TableStream::spill() {
  ensure(can_spill(), "rows that a snapshot may contain cannot be staged");
  ensure(by_key_.empty(), "changes by key are resolved before they are staged");
  stage_resolved();
  spilled_updates_ += buffer_.updates();
  stage(buffer_.take());
  mark_ = {};
  by_key_mark_ = 0;
}

void TableStream::stage_resolved() {
  spilled_updates_ += std::exchange(resolved_updates_, 0);
  stage(std::exchange(resolved_, {}));
}

void TableStream::stage(const Delta& delta) {
  if (delta.empty()) return;
  if (spill_ == nullptr) spill_ = store_.stage(collection());
  for (const BatchPtr& batch : delta.rows) spill_->write(*batch);
  for (const BatchPtr& batch : delta.errors) spill_->write_errors(*batch);
}

void TableStream::finish_spill() {
  if (spill_ == nullptr) return;
  for (storage::StagedPart& part : spill_->finish()) spilled_.push_back(std::move(part));
  spill_.reset();
}

TableStream::Changes TableStream::take() {
  ensure(by_key_.empty(), "changes by key are resolved before they are taken");
  Changes changes;
  changes.truncated = truncated_;
  changes.updates = spilled_updates_ + buffer_.updates() + std::exchange(resolved_updates_, 0);
  changes.delta = buffer_.take();
  append(changes.delta, std::exchange(resolved_, {}));
  finish_spill();
  changes.parts = std::exchange(spilled_, {});
  spilled_updates_ = 0;
  truncated_ = false;
  mark_ = {};
  by_key_mark_ = 0;
  return changes;
}

TableStream::Changes TableStream::take_before_transaction() {
  ensure(!truncated_, "what truncates is committed at once");
  ensure(by_key_mark_ == 0, "changes by key are resolved before they are taken");
  Changes changes;
  changes.updates =
      std::exchange(spilled_updates_, 0) + mark_.rows + std::exchange(resolved_updates_, 0);
  changes.delta = buffer_.take_before(mark_);
  append(changes.delta, std::exchange(resolved_, {}));
  finish_spill();
  changes.parts = std::exchange(spilled_, {});
  mark_ = {};
  return changes;
}

void TableStream::clear() {
  buffer_.clear();
  by_key_.clear();
  resolved_ = {};
  resolved_updates_ = 0;
  spill_.reset();
  spilled_.clear();
  spilled_updates_ = 0;
  mark_ = {};
  by_key_mark_ = 0;
}

}  // namespace tailrace::replication
