// The groups of a Reduce: key -> count of rows, and a payload (accumulators) beside.
//
// Keys are equal by SQL equality or by identity, as asked. Where SQL-equal keys differ in identity
// (-0 and 0, 1.0 and 1.00), the group keeps a count for each and the smallest by identity
// represents it. A change costs O(1). One thread at a time.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "repr/batch.hpp"
#include "repr/order.hpp"

namespace tailrace::engine {

using GroupId = std::uint32_t;
inline constexpr GroupId no_group = ~GroupId(0);

class CountedGroups {
 public:
  CountedGroups(std::vector<Type> key_types, Equality equality, std::size_t payload_bytes = 0);

  // The group of each row of `keys` (whose columns are the key); groups that do not exist are
  // added, with count 0.
  void find_or_add(const Batch& keys, std::vector<GroupId>& ids);
  // Adds to the count of the group that this row is in.
  void add(GroupId id, const Batch& keys, std::size_t row, Diff diff);

  Diff count(GroupId id) const { return groups_[id].count; }
  std::byte* payload(GroupId id) {
    return reinterpret_cast<std::byte*>(payload_[id / groups_a_slab].get()) +
           (id % groups_a_slab) * payload_bytes_;
  }
  // The representative's values, to the first columns of a builder; the caller ends the row.
  void append_key(GroupId id, BatchBuilder& out) const;
  // A group whose count is 0 and of which nothing else is known gives its place back.
  void remove_if_empty(GroupId id);

  template <class Visit>
  void for_each(Visit&& visit) const {
    for (GroupId id = 0; id < groups_.size(); ++id) {
      if (groups_[id].used) visit(id);
    }
  }
  std::size_t size() const { return used_; }
  std::size_t memory_bytes() const;

 private:
  static constexpr std::size_t groups_a_slab = 1024;
  struct Group {
    std::string key;  // encoded row; any of the variants where there are some
    std::uint64_t hash = 0;
    Diff count = 0;
    GroupId next = no_group;  // another group with this hash
    bool used = false;
  };
  struct AlreadyMixed {
    using is_avalanching = void;
    std::size_t operator()(std::uint64_t hash) const noexcept { return hash; }
  };
  struct alignas(16) Block {
    std::byte bytes[16];
  };
  bool same_key(const Group& group, const Batch& keys, std::size_t row) const;
  GroupId add_group(std::uint64_t hash);

  std::vector<Type> types_;
  std::vector<int> columns_;
  Equality equality_;
  bool has_variants_ = false;
  std::size_t payload_bytes_;
  boost::unordered_flat_map<std::uint64_t, GroupId, AlreadyMixed> first_;
  std::vector<Group> groups_;
  std::vector<std::unique_ptr<Block[]>> payload_;
  std::vector<GroupId> free_;
  // Counts of the identities in one group, where there may be several.
  std::unordered_map<GroupId, std::vector<std::pair<std::string, Diff>>> variants_;
  std::size_t used_ = 0;
  std::size_t key_heap_bytes_ = 0;
  std::string scratch_;
};

// Values of the type can be equal in SQL's sense and yet differ.
bool identities_vary(const Type& type);

}  // namespace tailrace::engine
