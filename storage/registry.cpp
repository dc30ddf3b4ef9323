#include "storage/registry.hpp"

#include <mutex>

namespace tailrace::storage {

CollectionPtr Registry::find(CollectionId id) const {
  std::shared_lock lock(mutex_);
  const auto found = collections_.find(id);
  return found == collections_.end() ? nullptr : found->second;
}

CollectionPtr Registry::get(CollectionId id) const {
  CollectionPtr collection = find(id);
  if (!collection) throw no_such_collection(id);
  return collection;
}

void Registry::add(CollectionPtr collection) {
  std::unique_lock lock(mutex_);
  const CollectionId id = collection->id();
  ensure(collections_.emplace(id, std::move(collection)).second,
         "ids of collections are used once");
}

void Registry::remove(CollectionId id) {
  std::unique_lock lock(mutex_);
  collections_.erase(id);
}

std::vector<CollectionPtr> Registry::all() const {
  std::shared_lock lock(mutex_);
  std::vector<CollectionPtr> all;
  all.reserve(collections_.size());
  for (const auto& [id, collection] : collections_) all.push_back(collection);
  return all;
}

}  // namespace tailrace::storage
