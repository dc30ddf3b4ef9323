// The second way of running a query: as a materialized view over inputs that change under it.
//
// A database of its own has the same tables and views, kept empty between checks. For a query: the view is created over the
// empty tables; these are filled from the script's tables, doubled, partly deleted, emptied, and filled again. After
// each step the view must hold what the query gives there and then; at the end, what it gave in the script.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "tests/slt/connection.hpp"

namespace tailrace::slt {

class BothWays {
 public:
  explicit BothWays(engine::Environment& environment);

  // A statement that succeeded in the script: definitions of tables, views and types are made here too.
  void follow(const std::string& sql);
  // "" if both ways agree, else what differs.
  std::string check(const std::string& query, std::size_t columns,
                    const std::vector<std::vector<std::string>>& expected);

 private:
  std::string check_steps(const std::string& query,
                          const std::vector<std::vector<std::string>>& expected);
  std::vector<std::vector<std::string>> outcome_of(const std::string& sql);
  std::string compare(const std::string& query, std::string_view step);

  Connection connection_;
  std::set<std::string> tables_;
  int views_ = 0;
  std::string view_;
};

}  // namespace tailrace::slt
