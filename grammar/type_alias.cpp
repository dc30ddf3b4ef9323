#include "grammar/type_alias.hpp"

#include <algorithm>
#include <array>

namespace tailrace::grammar {

namespace {

struct Alias {
  std::string_view word;
  std::string_view name;
};

constexpr std::array<Alias, 15> aliases{{
    {"bigint", "int8"},
    {"boolean", "bool"},
    {"bytes", "bytea"},
    {"char", "bpchar"},
    {"character", "bpchar"},
    {"dec", "numeric"},
    {"decimal", "numeric"},
    {"double", "float8"},
    {"float", "float8"},
    {"int", "int4"},
    {"integer", "int4"},
    {"json", "jsonb"},
    {"real", "float4"},
    {"smallint", "int2"},
    {"string", "text"},
}};

}  // namespace

std::string_view type_alias(std::string_view word) {
  const auto* found = std::find_if(aliases.begin(), aliases.end(),
                                   [&](const Alias& alias) { return alias.word == word; });
  return found == aliases.end() ? std::string_view() : found->name;
}

}  // namespace tailrace::grammar
