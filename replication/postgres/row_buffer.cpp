#include "replication/postgres/row_buffer.hpp"

#include <fmt/format.h>

#include "replication/postgres/source_error.hpp"
#include "replication/postgres/upstream_catalog.hpp"

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

RowBuffer::RowBuffer(std::shared_ptr<const TableExport> table)
    : table_(std::move(table)), rows_(table_->schema.types()), errors_(error_schema().types()) {
  for (std::size_t i = 0; i < table_->schema.size(); ++i) {
    const ColumnSchema& column = table_->schema.columns[i];
    readers_.push_back({.text = upstream_text_reader(column.type),
                        .binary = table_->as_text[i] ? nullptr : binary_reader(column.type),
                        .nullable = column.nullable});
  }
}

void RowBuffer::append_value(std::size_t column, const FieldValue& field) {
  const ColumnReaders& readers = readers_[column];
  ColumnBuilder& builder = rows_.column(column);
  if (field.form == FieldValue::Form::null) {
    if (!readers.nullable) {
      throw SqlError(sqlstate::not_null_violation,
                     fmt::format("null value in column \"{}\", which was declared NOT NULL",
                                 table_->schema.columns[column].name));
    }
    builder.append_null();
  } else if (field.form == FieldValue::Form::text) {
    readers.text(field.bytes, builder);
  } else if (readers.binary != nullptr) {
    readers.binary(field.bytes, builder);
  } else {
    throw SqlError(sqlstate::protocol_violation, "upstream sent a value in an unexpected format");
  }
  bytes_ += field.bytes.size();
}

void RowBuffer::append(std::span<const FieldValue> fields, Diff diff, Lsn lsn) {
  bytes_ += row_overhead_bytes;
  last_lsn_ = lsn;
  std::size_t column = 0;
  try {
    for (; column < readers_.size(); ++column) append_value(column, fields[column]);
    rows_.end_row(lsn, diff);
  } catch (const SqlError& error) {
    if (error.state() == sqlstate::protocol_violation) throw;  // not the value's fault
    DataError failed = source_error(table_->collection, DataError::from(error));
    failed.detail = fmt::format("Table {}, column {}.{}{}", qualified_name(table_->upstream),
                                quote_identifier_if_needed(table_->schema.columns[column].name),
                                failed.detail.empty() ? "" : " ", failed.detail);
    append_error(errors_, failed, lsn, diff);
    // Columns cannot be taken back: the row stays as one that counts nothing.
    for (; column < readers_.size(); ++column) rows_.column(column).append_null();
    rows_.end_row(lsn, 0);
    has_void_rows_ = true;
  }
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
