// Rows of a key and a value, going into a store and coming out of it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "storage/store.hpp"

namespace tailrace::storage::testing {

// Rows of (key int8, value text).
struct Row {
  std::int64_t key = 0;
  std::string value;
  Diff diff = 1;
  Timestamp time = 0;
};
CollectionDescription key_value_description(CollectionKind kind = CollectionKind::clocked);
Batch batch_of(const std::vector<Row>& rows);
Delta delta_of(const std::vector<Row>& rows);
Delta errors_of(const std::vector<std::string>& messages, Diff diff = 1);
std::vector<Row> rows_of(const Batch& batch);

// (key, value) -> multiplicity, zeros left out.
using Contents = std::map<std::pair<std::int64_t, std::string>, Diff>;
Contents contents_of(const Chunks& chunks);
Contents contents_at(Store& store, CollectionId collection, Timestamp time);
// At the latest time that is complete.
Contents contents_now(Store& store, CollectionId collection);
std::map<std::string, Diff> errors_at(Store& store, CollectionId collection, Timestamp time);

CommitRequest write(CollectionId collection, const std::vector<Row>& rows);

}  // namespace tailrace::storage::testing
