#include "repr/error.hpp"

#include <cstdio>
#include <cstdlib>

namespace tailrace {

SqlState SqlState::from_text(std::string_view text) {
  SqlState state;
  if (text.size() == 5) text.copy(state.code, 5);
  return state;
}

SqlError unsupported(std::string_view feature) {
  return SqlError(sqlstate::feature_not_supported, std::string(feature) + " is not supported");
}

void invariant_broken(const char* file, int line, const char* condition, std::string_view why) {
  std::fprintf(stderr, "tailrace: invariant broken at %s:%d: %.*s (%s)\n", file, line,
               static_cast<int>(why.size()), why.data(), condition);
  std::abort();
}

}  // namespace tailrace
