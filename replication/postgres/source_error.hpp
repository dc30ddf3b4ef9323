// What a reader of an ingested table is told when it cannot be read: "Source error: u7: ...".
#pragma once

#include <fmt/format.h>

#include "catalog/ids.hpp"
#include "repr/data_error.hpp"

namespace tailrace::replication {

inline DataError source_error(storage::CollectionId table, DataError error) {
  error.message =
      fmt::format("Source error: {}: {}", catalog::item_of(table).to_string(), error.message);
  return error;
}

// One that no change upstream takes back.
inline DataError definite_error(storage::CollectionId table, std::string why) {
  return source_error(
      table, {.state = sqlstate::object_not_in_prerequisite_state, .message = std::move(why)});
}

}  // namespace tailrace::replication
