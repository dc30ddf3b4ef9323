#include "replication/postgres/row_decoder.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "replication/postgres/connection.hpp"
#include "replication/postgres/source_error.hpp"
#include "replication/postgres/upstream_catalog.hpp"

namespace tailrace::replication {
namespace {

// Quoted, so that a label ends where it seems to end, whatever the values are.
std::string quoted_value(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') quoted += '\'';
    quoted += c;
  }
  return quoted + "'";
}

// The end of the quoted value that begins at `at`, or npos.
std::size_t end_of_quoted(std::string_view text, std::size_t at) {
  if (at >= text.size() || text[at] != '\'') return std::string_view::npos;
  for (++at; at < text.size(); ++at) {
    if (text[at] != '\'') continue;
    if (at + 1 < text.size() && text[at + 1] == '\'') {
      ++at;
    } else {
      return at + 1;
    }
  }
  return std::string_view::npos;
}

}  // namespace

RowDecoder::RowDecoder(std::shared_ptr<const TableExport> table) : table_(std::move(table)) {
  for (std::size_t i = 0; i < table_->schema.size(); ++i) {
    const ColumnSchema& column = table_->schema.columns[i];
    readers_.push_back({.text = upstream_text_reader(column.type),
                        .binary = table_->as_text[i] ? nullptr : binary_reader(column.type),
                        .nullable = column.nullable});
  }
  if (table_->key.empty()) return;
  std::string names;
  for (const int column : table_->key) {
    names +=
        (names.empty() ? "" : ", ") +
        quote_identifier_if_needed(table_->schema.columns[static_cast<std::size_t>(column)].name);
  }
  label_start_ = fmt::format("Key ({})=(", names);
}

void RowDecoder::append_value(std::size_t column, const FieldValue& field,
                              ColumnBuilder& builder) const {
  const ColumnReaders& readers = readers_[column];
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
}

std::optional<DataError> RowDecoder::append(std::span<const FieldValue> fields, BatchBuilder& into,
                                            std::span<const int> unknown) const {
  std::size_t column = 0;
  try {
    for (; column < readers_.size(); ++column) {
      const bool known =
          unknown.empty() || std::ranges::find(unknown, static_cast<int>(column)) == unknown.end();
      if (known) {
        append_value(column, fields[column], into.column(column));
      } else {
        into.column(column).append_null();
      }
    }
    return std::nullopt;
  } catch (const SqlError& error) {
    if (error.state() == sqlstate::protocol_violation) throw;  // not the value's fault
    DataError failed = row_error(fields, column, DataError::from(error));
    for (; column < readers_.size(); ++column) into.column(column).append_null();
    return failed;
  }
}

std::optional<DataError> RowDecoder::append_key(std::span<const FieldValue> key,
                                                BatchBuilder& into) const {
  std::size_t i = 0;
  try {
    for (; i < key.size(); ++i)
      append_value(static_cast<std::size_t>(table_->key[i]), key[i], into.column(i));
    return std::nullopt;
  } catch (const SqlError& error) {
    if (error.state() == sqlstate::protocol_violation) throw;
    for (; i < key.size(); ++i) into.column(i).append_null();
    return DataError::from(error);
  }
}

std::vector<tailrace::Type> RowDecoder::key_types() const {
  std::vector<tailrace::Type> types;
  for (const int column : table_->key)
    types.push_back(table_->schema.columns[static_cast<std::size_t>(column)].type);
  return types;
}

std::string RowDecoder::key_label(std::span<const FieldValue> key) const {
  BatchBuilder built(key_types());
  if (!append_key(key, built)) {
    built.end_row(0, 1);
    return key_label(built.finish(), 0);
  }
  // Values of a key that cannot be held stand as upstream wrote them.
  std::string label = label_start_;
  for (std::size_t i = 0; i < key.size(); ++i) {
    if (i > 0) label += ", ";
    label += key[i].form == FieldValue::Form::null ? "NULL" : quoted_value(key[i].bytes);
  }
  return label + ")";
}

std::string RowDecoder::key_label(const Batch& keys, std::size_t row) const {
  std::string label = label_start_;
  for (std::size_t i = 0; i < keys.columns.size(); ++i) {
    if (i > 0) label += ", ";
    const Column& column = *keys.columns[i];
    std::string text;
    text_writer(column.type())(column, row, {.extra_float_digits = 3}, text);
    label += quoted_value(text);
  }
  return label + ")";
}

std::string_view RowDecoder::label_of(const DataError& error) const {
  const std::string_view text = error.detail;
  if (label_start_.empty() || !text.starts_with(label_start_)) return {};
  std::size_t at = label_start_.size();
  for (std::size_t i = 0; i < table_->key.size(); ++i) {
    if (i > 0) at += 2;  // ", "
    at = end_of_quoted(text, at);
    if (at == std::string_view::npos) return {};
  }
  return text.substr(0, at + 1);
}

DataError RowDecoder::row_error(std::span<const FieldValue> fields, std::size_t column,
                                DataError error) const {
  if (label_start_.empty()) return column_error("Table", column, std::move(error));
  std::vector<FieldValue> key;
  for (const int part : table_->key) key.push_back(fields[static_cast<std::size_t>(part)]);
  return column_error(key_label(key) + " of table", column, std::move(error));
}

DataError RowDecoder::unknown_value(std::string_view key_label, std::size_t column) const {
  return column_error(
      fmt::format("{} of table", key_label), column,
      {.state = sqlstate::object_not_in_prerequisite_state,
       .message =
           "a large value is not known: upstream sends it when it changes, and before the row "
           "had a value that cannot be ingested",
       .hint = "Write the value again upstream, for example by appending an empty string to it."});
}

DataError RowDecoder::column_error(std::string_view row, std::size_t column,
                                   DataError error) const {
  DataError failed = source_error(table_->collection, std::move(error));
  failed.detail = fmt::format("{} {}, column {}.{}{}", row, qualified_name(table_->upstream),
                              quote_identifier_if_needed(table_->schema.columns[column].name),
                              failed.detail.empty() ? "" : " ", failed.detail);
  return failed;
}

}  // namespace tailrace::replication
