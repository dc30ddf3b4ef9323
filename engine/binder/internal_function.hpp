// Functions of the registry that SQL has syntax, not a name, for: IS NULL, NOT, ROW(..), a[i], ...
#pragma once

#include <string_view>

#include "engine/functions/function.hpp"

namespace tailrace::engine {

// The only one of its name in mz_internal. Throws unsupported if the registry has none.
const Function& internal_function(std::string_view name);

}  // namespace tailrace::engine
