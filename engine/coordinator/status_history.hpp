// Keeps a relation of status changes bounded: of each object its newest changes stay.
#pragma once

#include "catalog/builtin/relation.hpp"
#include "storage/store.hpp"

namespace tailrace::engine {

// For the one thread that writes the relation.
class StatusHistory {
 public:
  static constexpr std::size_t kept_of_each = 100;

  // `object` names the column of the object's id; times are in `occurred_at`.
  StatusHistory(storage::Store& store, const catalog::BuiltinTable& table, std::string_view object);

  // Adds to a commit that writes to the relation, at the first call and now and then, what takes the oldest rows away.
  void trim(storage::CommitRequest& request);

 private:
  storage::Store& store_;
  const storage::CollectionId collection_;
  std::size_t object_column_ = 0;
  std::size_t time_column_ = 0;
  std::vector<int> columns_;  // all of them
  std::size_t until_next_ = 0;
};

}  // namespace tailrace::engine
