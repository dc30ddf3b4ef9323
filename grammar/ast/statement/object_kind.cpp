#include "grammar/ast/statement/object_kind.hpp"

#include <array>
#include <cstddef>

namespace tailrace::ast {

namespace {

struct Words {
  std::string_view one;
  std::string_view many;
};

// In the order of ObjectKind.
constexpr std::array<Words, 19> words{{
    {"CLUSTER", "CLUSTERS"},
    {"CLUSTER REPLICA", "CLUSTER REPLICAS"},
    {"COLUMN", "COLUMNS"},
    {"CONNECTION", "CONNECTIONS"},
    {"DATABASE", "DATABASES"},
    {"FUNCTION", "FUNCTIONS"},
    {"INDEX", "INDEXES"},
    {"MATERIALIZED VIEW", "MATERIALIZED VIEWS"},
    {"NETWORK POLICY", "NETWORK POLICIES"},
    {"ROLE", "ROLES"},
    {"SCHEMA", "SCHEMAS"},
    {"SECRET", "SECRETS"},
    {"SINK", "SINKS"},
    {"SOURCE", "SOURCES"},
    {"SUBSOURCE", "SUBSOURCES"},
    {"SYSTEM", "SYSTEM"},
    {"TABLE", "TABLES"},
    {"TYPE", "TYPES"},
    {"VIEW", "VIEWS"},
}};

}  // namespace

std::string_view keywords(ObjectKind kind) {
  return words[static_cast<std::size_t>(kind)].one;
}

std::string_view plural_keywords(ObjectKind kind) {
  return words[static_cast<std::size_t>(kind)].many;
}

}  // namespace tailrace::ast
