// The records of other parts (catalog, secrets, positions, intents), in memory as they are on disk.
//
// They are few and asked often; and what is in memory changes only once it is durable, which
// RocksDB's own view of unsynced writes would not promise.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/store.hpp"

namespace tailrace::storage {

// Thread-safe.
class RecordMap {
 public:
  std::optional<std::string> get(RecordSpace space, std::string_view key) const;
  std::vector<std::pair<std::string, std::string>> scan(RecordSpace space,
                                                        std::string_view prefix) const;
  void apply(const RecordChange& change);

 private:
  mutable std::shared_mutex mutex_;
  std::array<std::map<std::string, std::string, std::less<>>, 4> spaces_;
};

}  // namespace tailrace::storage
