// Errors as data: an evaluation or ingestion error that belongs to a row and flows beside the rows.
//
// A collection is a pair (rows, errors), both with diffs. The errors' batches have
// `error_schema()`.
#pragma once

#include <string>
#include <vector>

#include "repr/batch.hpp"
#include "repr/error.hpp"

namespace tailrace {

struct DataError {
  SqlState state = sqlstate::internal_error;
  std::string message;
  std::string detail;
  std::string hint;

  static DataError from(const SqlError& error);
  SqlError to_sql_error() const;
};

// state text, message text, detail text, hint text; no NULLs.
const Schema& error_schema();
void append_error(BatchBuilder& errors, const DataError& error, Timestamp time, Diff diff);
DataError error_at(const Batch& errors, std::size_t row);

// What changed in a collection: rows and errors. Batches are shared, never empty.
struct Delta {
  std::vector<BatchPtr> rows;
  std::vector<BatchPtr> errors;

  bool empty() const { return rows.empty() && errors.empty(); }
};

}  // namespace tailrace
