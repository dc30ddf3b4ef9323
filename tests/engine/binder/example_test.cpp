// The example of every builtin is true, as SQL.
#include <doctest/doctest.h>

#include "engine/functions/aggregate.hpp"
#include "engine/functions/table_function.hpp"
#include "tests/engine/binder/database.hpp"

namespace tailrace::engine::testing {

namespace {

template <class Entry>
void check(const Entry& entry) {
  if (entry.example.empty()) return;
  const std::string name(entry.name);
  const std::string sql = "SELECT " + std::string(entry.example);
  CAPTURE(name);
  CHECK_MESSAGE(shop().run(sql) == std::vector<std::string>{"t"}, sql);
}

}  // namespace

TEST_CASE("examples of functions and operators") {
  for (const Function* function : all_functions()) {
    if (function->volatility == Volatility::immutable) check(*function);
  }
}

}  // namespace tailrace::engine::testing
