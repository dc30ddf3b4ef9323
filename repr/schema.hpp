// The shape of a relation: named, typed columns.
#pragma once

#include <string>
#include <vector>

#include "repr/type.hpp"

namespace tailrace {

struct ColumnSchema {
  std::string name;
  Type type;
  bool nullable = true;
  friend bool operator==(const ColumnSchema&, const ColumnSchema&) = default;
};

struct Schema {
  std::vector<ColumnSchema> columns;

  std::size_t size() const { return columns.size(); }
  std::vector<Type> types() const {
    std::vector<Type> types;
    for (const auto& column : columns) types.push_back(column.type);
    return types;
  }
  friend bool operator==(const Schema&, const Schema&) = default;
};

}  // namespace tailrace
