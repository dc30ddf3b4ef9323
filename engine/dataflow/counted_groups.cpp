#include "engine/dataflow/counted_groups.hpp"

#include <algorithm>

#include "engine/dataflow/arranged_batch.hpp"
#include "repr/row.hpp"

namespace tailrace::engine {

bool identities_vary(const Type& type) {
  switch (type.id()) {
    case TypeId::float4:
    case TypeId::float8:
    case TypeId::numeric:
    case TypeId::bpchar:
    case TypeId::jsonb:
    case TypeId::array:
    case TypeId::list:
    case TypeId::map:
    case TypeId::record:
    case TypeId::range:
      return true;
    default:
      return false;
  }
}

CountedGroups::CountedGroups(std::vector<Type> key_types, Equality equality,
                             std::size_t payload_bytes)
    : types_(std::move(key_types)),
      columns_(all_columns(types_.size())),
      equality_(equality),
      payload_bytes_((payload_bytes + 15) / 16 * 16) {
  for (const Type& type : types_) has_variants_ = has_variants_ || identities_vary(type);
  has_variants_ = has_variants_ && equality == Equality::sql;
}

// `scratch_` holds the encoded key of the row.
bool CountedGroups::same_key(const Group& group, const Batch& keys, std::size_t row) const {
  if (group.key == scratch_) return true;
  if (!has_variants_) return false;
  const std::vector<Value> values = decode_row(group.key, types_);
  for (std::size_t c = 0; c < types_.size(); ++c) {
    if (compare_values(types_[c], values[c], keys.columns[c]->value(row), Equality::sql) != 0)
      return false;
  }
  return true;
}

GroupId CountedGroups::add_group(std::uint64_t hash) {
  GroupId id;
  if (!free_.empty()) {
    id = free_.back();
    free_.pop_back();
  } else {
    id = static_cast<GroupId>(groups_.size());
    ensure(id != no_group, "more groups than ids");
    groups_.emplace_back();
    if (payload_bytes_ > 0 && id % groups_a_slab == 0) {
      payload_.push_back(std::make_unique<Block[]>(groups_a_slab * payload_bytes_ / sizeof(Block)));
    }
  }
  Group& group = groups_[id];
  group.key = scratch_;
  group.hash = hash;
  group.count = 0;
  group.used = true;
  if (payload_bytes_ > 0) std::fill_n(payload(id), payload_bytes_, std::byte(0));
  key_heap_bytes_ += group.key.capacity() > 15 ? group.key.capacity() + 1 : 0;
  ++used_;
  return id;
}

void CountedGroups::find_or_add(const Batch& keys, std::vector<GroupId>& ids) {
  std::vector<std::uint64_t> hashes;
  hash_rows(keys, columns_, equality_, hashes);
  ids.resize(keys.rows);
  for (std::size_t row = 0; row < keys.rows; ++row) {
    scratch_.clear();
    encode_row(keys, row, columns_, scratch_);
    const auto [place, is_new] = first_.try_emplace(hashes[row], no_group);
    GroupId id = place->second;
    while (id != no_group && !same_key(groups_[id], keys, row)) id = groups_[id].next;
    if (id == no_group) {
      id = add_group(hashes[row]);
      groups_[id].next = place->second;
      place->second = id;
    }
    ids[row] = id;
  }
}

void CountedGroups::add(GroupId id, const Batch& keys, std::size_t row, Diff diff) {
  groups_[id].count += diff;
  if (!has_variants_) return;
  scratch_.clear();
  encode_row(keys, row, columns_, scratch_);
  auto& variants = variants_[id];
  const auto place = std::find_if(variants.begin(), variants.end(),
                                  [&](const auto& variant) { return variant.first == scratch_; });
  if (place == variants.end()) {
    variants.emplace_back(scratch_, diff);
  } else if ((place->second += diff) == 0) {
    variants.erase(place);
  }
}

void CountedGroups::append_key(GroupId id, BatchBuilder& out) const {
  const auto found = has_variants_ ? variants_.find(id) : variants_.end();
  if (found == variants_.end() || found->second.empty()) {
    decode_row(groups_[id].key, types_, out);
    return;
  }
  const std::string* smallest = nullptr;
  std::vector<Value> smallest_values;
  for (const auto& [bytes, count] : found->second) {
    if (count <= 0) continue;
    std::vector<Value> values = decode_row(bytes, types_);
    bool less = smallest == nullptr;
    for (std::size_t c = 0; smallest && c < types_.size(); ++c) {
      const int order =
          compare_values(types_[c], values[c], smallest_values[c], Equality::identity);
      if (order == 0) continue;
      less = order < 0;
      break;
    }
    if (!less) continue;
    smallest = &bytes;
    smallest_values = std::move(values);
  }
  decode_row(smallest ? *smallest : groups_[id].key, types_, out);
}

void CountedGroups::remove_if_empty(GroupId id) {
  Group& group = groups_[id];
  if (!group.used || group.count != 0) return;
  if (has_variants_) {
    const auto found = variants_.find(id);
    if (found != variants_.end() && !found->second.empty()) return;
    variants_.erase(id);
  }
  const auto place = first_.find(group.hash);
  if (place->second == id) {
    place->second = group.next;
    if (group.next == no_group) first_.erase(place);
  } else {
    GroupId before = place->second;
    while (groups_[before].next != id) before = groups_[before].next;
    groups_[before].next = group.next;
  }
  key_heap_bytes_ -= group.key.capacity() > 15 ? group.key.capacity() + 1 : 0;
  group = Group();
  free_.push_back(id);
  --used_;
}

std::size_t CountedGroups::memory_bytes() const {
  return groups_.capacity() * sizeof(Group) + payload_.size() * groups_a_slab * payload_bytes_ +
         first_.bucket_count() * 17 + key_heap_bytes_ + variants_.size() * 96;
}

}  // namespace tailrace::engine
