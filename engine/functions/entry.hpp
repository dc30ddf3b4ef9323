// Short forms of table entries.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "engine/functions/function.hpp"

namespace tailrace::engine {

using Kernel = void (*)(KernelCall&);

inline Function function_entry(std::string_view name, std::vector<Parameter> takes, Parameter gives,
                               std::string_view doc, std::string_view example, Kernel kernel) {
  return {.name = name,
          .takes = std::move(takes),
          .gives = std::move(gives),
          .doc = doc,
          .example = example,
          .kernel = kernel};
}
inline Function operator_entry(std::string_view symbol, std::vector<Parameter> takes,
                               Parameter gives, std::string_view doc, std::string_view example,
                               Kernel kernel) {
  Function function =
      function_entry(symbol, std::move(takes), std::move(gives), doc, example, kernel);
  function.is_operator = true;
  return function;
}

inline Function infallible(Function function) {
  function.infallible = true;
  return function;
}
inline Function handling_nulls(Function function) {
  function.nulls = Nulls::handled;
  return function;
}
inline Function never_null(Function function) {
  function.never_null = true;
  return function;
}
inline Function variadic(Function function) {
  function.variadic = true;
  return function;
}
inline Function stable(Function function) {
  function.volatility = Volatility::stable;
  return function;
}
inline Function in_schema(std::string_view schema, Function function) {
  function.schema = schema;
  return function;
}

}  // namespace tailrace::engine
