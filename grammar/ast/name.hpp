// Identifiers and the names of objects, as written: folded to lower case unless quoted, not
// resolved.
//
// `position` counts characters of the whole text that was parsed, from 1; 0 means none.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tailrace::ast {

struct Ident {
  std::string value;
  std::uint32_t position = 0;

  friend bool operator==(const Ident& a, const Ident& b) { return a.value == b.value; }
};

// A name of one to three parts (the parser refuses more): `orders`, `shop.orders`,
// `materialize.shop.orders`. Also a schema (`materialize.shop`), a type, a function, and a cluster
// replica (`cluster.replica`), as its place says. `[u12 AS materialize.shop.orders]` has an id.
struct ObjectName {
  std::vector<Ident> parts;
  std::string id;                        // empty: by name
  std::optional<std::uint64_t> version;  // of a table, with `id` only
  std::uint32_t position = 0;

  const std::string& last() const { return parts.back().value; }
  friend bool operator==(const ObjectName& a, const ObjectName& b) {
    return a.parts == b.parts && a.id == b.id && a.version == b.version;
  }
};

// `IN CLUSTER name`: by name, or by id when written `[u1]`.
struct ClusterName {
  std::string value;
  bool is_id = false;
  std::uint32_t position = 0;
};

}  // namespace tailrace::ast
