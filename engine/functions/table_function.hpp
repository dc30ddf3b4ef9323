// Functions in FROM that give rows: generate_series, unnest, jsonb_array_elements, ...
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "engine/functions/function.hpp"
#include "repr/batch.hpp"

namespace tailrace::engine {

struct TableFunction {
  std::string_view name;
  std::vector<Parameter> takes;
  bool variadic = false;
  Nulls nulls = Nulls::strict;  // strict: a NULL argument gives no rows
  std::string_view doc;
  std::string_view example;
  // Names and types of the columns for these argument types.
  std::vector<ColumnSchema> (*columns)(std::span<const Type> arguments) = nullptr;
  // Appends the rows for one row of arguments (values only; the caller ends rows by the count returned). Throws
  // SqlError. Must bound what it makes at `rows_max`, with an error (54000) above.
  std::size_t (*rows)(std::span<const ColumnPtr> arguments, std::size_t row, std::span<ColumnBuilder> out,
                      std::size_t rows_max) = nullptr;
};

std::span<const TableFunction* const> table_functions_named(std::string_view name);
const std::vector<const TableFunction*>& all_table_functions();

}  // namespace tailrace::engine
