// Virtual times: the next one, which is how `mz_now() <= t` becomes `mz_now() < next(t)`.
#include <limits>

#include "engine/functions/entry.hpp"
#include "engine/functions/families.hpp"
#include "engine/functions/kernel.hpp"

namespace tailrace::engine {

std::vector<Function> virtual_time_functions() {
  return {in_schema(
      "mz_internal",
      function_entry("step_mz_timestamp", {TypeId::mz_timestamp}, TypeId::mz_timestamp,
                     "The next virtual time, a millisecond later.", "", [](KernelCall& call) {
                       compute<std::uint64_t(std::uint64_t)>(call, [](std::uint64_t time) {
                         if (time == std::numeric_limits<std::uint64_t>::max()) {
                           throw SqlError(sqlstate::numeric_value_out_of_range,
                                          "step mz_timestamp overflow");
                         }
                         return time + 1;
                       });
                     }))};
}

}  // namespace tailrace::engine
