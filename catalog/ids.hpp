// Ids of what the catalog knows: `u7`, `s3`, as text in catalog relations. Never used again after a
// drop.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "repr/error.hpp"
#include "storage/collection_id.hpp"

namespace tailrace::catalog {

// One space per Tag. Schema objects (tables, sources, views, indexes, connections, secrets, types)
// share one.
template <class Tag>
struct ObjectId {
  enum class Space : std::uint8_t { none, system, user, predefined, public_ };
  Space space = Space::none;
  std::uint64_t number = 0;

  static ObjectId user(std::uint64_t number) { return {Space::user, number}; }
  static ObjectId system(std::uint64_t number) { return {Space::system, number}; }
  bool is_system() const { return space == Space::system; }
  bool is_user() const { return space == Space::user; }
  explicit operator bool() const { return space != Space::none; }

  // "u7", "s3", "g1", "p" (PUBLIC), "" (none).
  std::string to_string() const {
    constexpr std::string_view letters = " sugp";
    if (space == Space::none) return "";
    if (space == Space::public_) return "p";
    return letters.substr(static_cast<std::size_t>(space), 1).data()[0] + std::to_string(number);
  }
  static std::optional<ObjectId> parse(std::string_view text);
  friend auto operator<=>(const ObjectId&, const ObjectId&) = default;
};

using ItemId = ObjectId<struct ItemTag>;
using DatabaseId = ObjectId<struct DatabaseTag>;
using SchemaId = ObjectId<struct SchemaTag>;
using RoleId = ObjectId<struct RoleTag>;
using ClusterId = ObjectId<struct ClusterTag>;
using ReplicaId = ObjectId<struct ReplicaTag>;

template <class Tag>
std::optional<ObjectId<Tag>> ObjectId<Tag>::parse(std::string_view text) {
  if (text == "p") return ObjectId{Space::public_, 0};
  if (text.size() < 2 || text.size() > 20) return std::nullopt;
  ObjectId id;
  switch (text[0]) {
    case 's':
      id.space = Space::system;
      break;
    case 'u':
      id.space = Space::user;
      break;
    case 'g':
      id.space = Space::predefined;
      break;
    default:
      return std::nullopt;
  }
  for (const char c : text.substr(1)) {
    if (c < '0' || c > '9') return std::nullopt;
    id.number = id.number * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return id;
}

// The collection of an item that has one: its own number for users' items, fixed in code for
// builtin relations.
inline storage::CollectionId collection_of(ItemId id) {
  return {id.is_system() ? (std::uint64_t{1} << 62) + id.number : id.number};
}
inline ItemId item_of(storage::CollectionId id) {
  const std::uint64_t system_bit = std::uint64_t{1} << 62;
  return (id.value & system_bit) != 0 ? ItemId::system(id.value - system_bit)
                                      : ItemId::user(id.value);
}

}  // namespace tailrace::catalog

template <class Tag>
struct std::hash<tailrace::catalog::ObjectId<Tag>> {
  std::size_t operator()(tailrace::catalog::ObjectId<Tag> id) const noexcept {
    return std::hash<std::uint64_t>()(id.number * 8 + static_cast<std::uint64_t>(id.space));
  }
};
