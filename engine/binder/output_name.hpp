// What an output column without alias is called (sql-language.md 2.4).
#pragma once

#include <string>

#include "grammar/ast/query.hpp"

namespace tailrace::engine {

std::string output_name(const ast::Expression& expression);

}  // namespace tailrace::engine
