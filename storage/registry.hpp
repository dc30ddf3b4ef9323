// The collections that exist, by id.
#pragma once

#include <memory>
#include <shared_mutex>
#include <unordered_map>
#include <vector>

#include "storage/collection.hpp"

namespace tailrace::storage {

// Thread-safe.
class Registry {
 public:
  CollectionPtr find(CollectionId id) const;  // null: there is none
  CollectionPtr get(CollectionId id) const;   // throws 42P01
  void add(CollectionPtr collection);
  void remove(CollectionId id);
  std::vector<CollectionPtr> all() const;  // in no order

 private:
  mutable std::shared_mutex mutex_;
  std::unordered_map<CollectionId, CollectionPtr> collections_;
};

}  // namespace tailrace::storage
