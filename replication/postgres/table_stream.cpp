#include "replication/postgres/table_stream.hpp"

#include <fmt/format.h>

#include "replication/postgres/compatibility.hpp"

namespace tailrace::replication {

using pgoutput::TupleValue;

TableStream::TableStream(std::shared_ptr<const TableExport> table,
                         std::shared_ptr<TableCounters> counters, storage::Store& store)
    : table_(std::move(table)),
      counters_(std::move(counters)),
      store_(store),
      old_fields_(table_->schema.size()),
      new_fields_(table_->schema.size()),
      buffer_(table_) {}

void TableStream::describe(const pgoutput::Relation& relation) {
  described_ = true;
  description_failure_ = incompatibility(*table_, relation, column_of_);
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
  bool toast_missing = false;
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
          toast_missing = true;
        }
        break;
    }
  });
  if (toast_missing) return old_row_missing();
  return std::nullopt;
}

TableStream::Failure TableStream::insert(const pgoutput::Insert& change, Lsn commit_lsn) {
  if (auto failure = fill(change.row, new_fields_, nullptr)) return failure;
  buffer_.append(new_fields_, 1, commit_lsn);
  return std::nullopt;
}

TableStream::Failure TableStream::update(const pgoutput::Update& change, Lsn commit_lsn) {
  if (change.old_kind != pgoutput::OldRow::full) return old_row_missing();
  if (auto failure = fill(change.old_row, old_fields_, nullptr)) return failure;
  if (auto failure = fill(change.new_row, new_fields_, &old_fields_)) return failure;
  buffer_.append(old_fields_, -1, commit_lsn);
  buffer_.append(new_fields_, 1, commit_lsn);
  return std::nullopt;
}

TableStream::Failure TableStream::remove(const pgoutput::Delete& change, Lsn commit_lsn) {
  if (change.old_kind != pgoutput::OldRow::full) return old_row_missing();
  if (auto failure = fill(change.old_row, old_fields_, nullptr)) return failure;
  buffer_.append(old_fields_, -1, commit_lsn);
  return std::nullopt;
}

void TableStream::truncate(Lsn commit_lsn) {
  clear();
  truncated_ = true;
  truncated_at_ = commit_lsn;
}

void TableStream::start_copying() {
  clear();
  truncated_ = false;
  truncated_at_ = 0;
  dropped_lsn_ = 0;
  snapshot_lsn = 0;
  phase = Phase::copying;
}

bool TableStream::start_at(Lsn lsn) {
  snapshot_lsn = lsn;
  buffer_.drop_before(lsn);
  if (truncated_at_ < lsn) truncated_ = false;
  return dropped_lsn_ < lsn;
}

void TableStream::drop_kept_back() {
  dropped_lsn_ = std::max(dropped_lsn_, buffer_.last_lsn());
  buffer_.clear();
}

void TableStream::spill() {
  ensure(can_spill(), "rows that a snapshot may contain cannot be staged");
  if (buffer_.empty()) return;
  if (spill_ == nullptr) spill_ = store_.stage(collection());
  spilled_updates_ += buffer_.updates();
  const Delta delta = buffer_.take();
  for (const BatchPtr& batch : delta.rows) spill_->write(*batch);
  for (const BatchPtr& batch : delta.errors) spill_->write_errors(*batch);
  mark_ = {};
}

TableStream::Changes TableStream::take() {
  Changes changes;
  changes.truncated = truncated_;
  changes.updates = spilled_updates_ + buffer_.updates();
  changes.delta = buffer_.take();
  if (spill_ != nullptr) changes.parts = spill_->finish();
  spill_.reset();
  spilled_updates_ = 0;
  truncated_ = false;
  mark_ = {};
  return changes;
}

TableStream::Changes TableStream::take_before_transaction() {
  ensure(spill_ == nullptr && !truncated_, "what spills or truncates is committed at once");
  Changes changes;
  changes.updates = mark_.rows;
  changes.delta = buffer_.take_before(mark_);
  mark_ = {};
  return changes;
}

void TableStream::clear() {
  buffer_.clear();
  spill_.reset();
  spilled_updates_ = 0;
  mark_ = {};
}

}  // namespace tailrace::replication
