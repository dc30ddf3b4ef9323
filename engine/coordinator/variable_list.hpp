// The declarations of all variables.
#pragma once

#include <vector>

#include "engine/coordinator/variables.hpp"

namespace tailrace::engine {

std::vector<Variable> declared_variables();

}  // namespace tailrace::engine
