// Ids that cannot be mixed up: `Id<struct CollectionTag, std::uint64_t>`.
#pragma once

#include <compare>
#include <cstddef>
#include <functional>

namespace tailrace {

template <class Tag, class Rep>
struct Id {
  Rep value{};
  friend auto operator<=>(const Id&, const Id&) = default;
};

}  // namespace tailrace

template <class Tag, class Rep>
struct std::hash<tailrace::Id<Tag, Rep>> {
  std::size_t operator()(tailrace::Id<Tag, Rep> id) const noexcept {
    return std::hash<Rep>()(id.value);
  }
};
