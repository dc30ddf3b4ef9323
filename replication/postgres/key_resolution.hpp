// From operations on keys to the rows that go and come. Private to KeyedChanges.
#pragma once

#include "replication/postgres/keyed_changes.hpp"

namespace tailrace::replication {

struct KeyedOperations {
  const RowDecoder& decoder;
  std::span<const KeyedOperation> operations;
  const Batch& keys;
  const Batch& rows;
  const std::vector<std::string>& labels;
  const std::vector<DataError>& errors;
  const std::vector<std::vector<int>>& unchanged;
};

KeyedChanges::Resolved resolve_keys(const KeyedOperations& changes, const OldRows& old_rows);

}  // namespace tailrace::replication
