#include "storage/record_map.hpp"

#include <mutex>

namespace tailrace::storage {

std::optional<std::string> RecordMap::get(RecordSpace space, std::string_view key) const {
  std::shared_lock lock(mutex_);
  const auto& records = spaces_[static_cast<std::size_t>(space)];
  const auto found = records.find(key);
  if (found == records.end()) return std::nullopt;
  return found->second;
}

std::vector<std::pair<std::string, std::string>> RecordMap::scan(RecordSpace space,
                                                                 std::string_view prefix) const {
  std::shared_lock lock(mutex_);
  const auto& records = spaces_[static_cast<std::size_t>(space)];
  std::vector<std::pair<std::string, std::string>> found;
  for (auto at = records.lower_bound(prefix); at != records.end(); ++at) {
    if (!at->first.starts_with(prefix)) break;
    found.emplace_back(*at);
  }
  return found;
}

void RecordMap::apply(const RecordChange& change) {
  std::unique_lock lock(mutex_);
  auto& records = spaces_[static_cast<std::size_t>(change.space)];
  if (change.value) {
    records.insert_or_assign(change.key, *change.value);
  } else {
    records.erase(change.key);
  }
}

}  // namespace tailrace::storage
