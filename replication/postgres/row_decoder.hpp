// Values as upstream sent them become columns of a collection.
//
// A value that the dialect cannot hold is the row's error, never the source's: the same values always give the same
// error, so that what takes the row away also takes its error away. Of a table with a key the error names the row by
// it ("Key (id)=('5') of table public.t, column d."): rows whose old values upstream does not send are found by that.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "replication/postgres/config.hpp"
#include "repr/batch.hpp"
#include "repr/binary_format.hpp"
#include "repr/data_error.hpp"
#include "repr/text_format.hpp"

namespace tailrace::replication {

// One value of a row: NULL, or bytes in upstream's text or binary format.
struct FieldValue {
  enum class Form : std::uint8_t { null, text, binary };
  Form form = Form::null;
  std::string_view bytes;
  friend bool operator==(const FieldValue&, const FieldValue&) = default;
};

class RowDecoder {
 public:
  explicit RowDecoder(std::shared_ptr<const TableExport> table);

  const TableExport& table() const { return *table_; }

  // Appends a value to each column but ends no row. With an error the columns that have none yet are filled up.
  // `fields[i]` is of column i of the collection; those of `unknown` columns are not known yet and become NULL.
  std::optional<DataError> append(std::span<const FieldValue> fields, BatchBuilder& into,
                                  std::span<const int> unknown = {}) const;
  // The key columns alone, in the order of the key.
  std::optional<DataError> append_key(std::span<const FieldValue> key, BatchBuilder& into) const;
  std::vector<tailrace::Type> key_types() const;

  // "Key (id)=('5')": from the values of the key's columns in the order of the key, or from those columns themselves.
  std::string key_label(std::span<const FieldValue> key) const;
  std::string key_label(const Batch& keys, std::size_t row) const;
  // The label at the beginning of an error's detail; empty: it has none.
  std::string_view label_of(const DataError& error) const;

  // Of a row that keeps a value which could not be held before, so that it is not known.
  DataError unknown_value(std::string_view key_label, std::size_t column) const;

 private:
  struct ColumnReaders {
    TextReader text = nullptr;
    BinaryReader binary = nullptr;
    bool nullable = true;
  };
  DataError row_error(std::span<const FieldValue> fields, std::size_t column,
                      DataError error) const;
  DataError column_error(std::string_view row, std::size_t column, DataError error) const;
  void append_value(std::size_t column, const FieldValue& field, ColumnBuilder& builder) const;

  std::shared_ptr<const TableExport> table_;
  std::vector<ColumnReaders> readers_;
  std::string label_start_;  // "Key (id)=("; empty: no key
};

}  // namespace tailrace::replication
