#include "replication/postgres/row_buffer.hpp"

namespace tailrace::replication {
namespace {

// What a row costs beyond its values: its time and diff.
constexpr std::size_t row_overhead_bytes = 16;

Delta delta_of(Batch rows, Batch errors) {
  Delta delta;
  if (!rows.empty()) delta.rows.push_back(std::make_shared<const Batch>(std::move(rows)));
  if (!errors.empty()) delta.errors.push_back(std::make_shared<const Batch>(std::move(errors)));
  return delta;
}

template <class Keep>
Batch filtered(const Batch& batch, Keep keep) {
  std::vector<std::uint32_t> kept;
  for (std::size_t row = 0; row < batch.rows; ++row) {
    if (keep(row)) kept.push_back(static_cast<std::uint32_t>(row));
  }
  return kept.size() == batch.rows ? batch : gather(batch, kept);
}

}  // namespace

RowBuffer::RowBuffer(std::shared_ptr<const RowDecoder> decoder)
    : decoder_(std::move(decoder)),
      rows_(decoder_->table().schema.types()),
      errors_(error_schema().types()) {}

void RowBuffer::append(std::span<const FieldValue> fields, Diff diff, Lsn lsn) {
  bytes_ += row_overhead_bytes;
  for (const FieldValue& field : fields) bytes_ += field.bytes.size();
  last_lsn_ = lsn;
  const std::optional<DataError> error = decoder_->append(fields, rows_);
  if (!error) {
    rows_.end_row(lsn, diff);
    return;
  }
  append_error(errors_, *error, lsn, diff);
  // Columns cannot be taken back: the row stays as one that counts nothing.
  rows_.end_row(lsn, 0);
  has_void_rows_ = true;
}

Batch RowBuffer::finish_rows() {
  Batch batch = rows_.finish();
  if (!has_void_rows_) return batch;
  has_void_rows_ = false;
  return filtered(batch, [&](std::size_t row) { return batch.diffs[row] != 0; });
}

Delta RowBuffer::take() {
  bytes_ = 0;
  Batch rows = finish_rows();
  return delta_of(std::move(rows), errors_.finish());
}

void RowBuffer::restore(const Batch& batch, BatchBuilder& into) {
  for (std::size_t row = 0; row < batch.rows; ++row) into.append_from(batch, row);
  bytes_ += batch.memory_bytes();
}

Delta RowBuffer::take_before(Mark mark) {
  const Batch rows = rows_.finish();
  const Batch errors = errors_.finish();
  bytes_ = 0;
  restore(slice(rows, mark.rows, rows.rows - mark.rows), rows_);
  restore(slice(errors, mark.errors, errors.rows - mark.errors), errors_);
  Batch before = slice(rows, 0, mark.rows);
  if (has_void_rows_) {
    before = filtered(before, [&](std::size_t row) { return before.diffs[row] != 0; });
  }
  return delta_of(std::move(before), slice(errors, 0, mark.errors));
}

void RowBuffer::drop_before(Lsn lsn) {
  const Batch rows = rows_.finish();
  const Batch errors = errors_.finish();
  bytes_ = 0;
  restore(filtered(rows, [&](std::size_t row) { return rows.times[row] >= lsn; }), rows_);
  restore(filtered(errors, [&](std::size_t row) { return errors.times[row] >= lsn; }), errors_);
}

}  // namespace tailrace::replication
