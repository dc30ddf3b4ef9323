// Runs one script in a fresh environment; every query once, and as a maintained view whose inputs are filled, doubled,
// partly deleted, emptied and filled again.
#pragma once

#include <filesystem>
#include <map>
#include <string>

namespace tailrace::slt {

struct Outcome {
  int passed = 0;
  int failed = 0;
  int both_ways = 0;                     // queries that ran as maintained views too
  std::map<std::string, int> once_only;  // reason -> queries that did not
};

// Prints each failure with file and line.
Outcome run_script(const std::filesystem::path& file);

}  // namespace tailrace::slt
