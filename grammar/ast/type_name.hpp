// The name of a type, as written, except that aliases which only the grammar knows are replaced by
// the type's catalog name: `integer` -> int4, `double precision` -> float8, `decimal` -> numeric,
// `timestamp(3) with time zone` -> timestamptz(3), `char` -> bpchar(1), `json` -> jsonb. (The
// quoted "char" stays the type `char`.) So a name here is always one the catalog can look up.
#pragma once

#include <cstdint>
#include <variant>
#include <vector>

#include "grammar/ast/box.hpp"
#include "grammar/ast/name.hpp"

namespace tailrace::ast {

struct TypeName;

struct NamedType {
  ObjectName name;
  std::vector<std::int64_t> modifiers;  // numeric(10, 2); empty: none
};

struct ArrayType {  // t[]; further dimensions are the same type
  Box<TypeName> element;
};

struct ListType {  // t list
  Box<TypeName> element;
};

struct MapType {  // map[key => value]
  Box<TypeName> key;
  Box<TypeName> value;
};

struct TypeName {
  std::variant<NamedType, ArrayType, ListType, MapType> node;
  std::uint32_t position = 0;
};

}  // namespace tailrace::ast
