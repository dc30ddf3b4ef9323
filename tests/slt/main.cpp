// tailrace_slt FILE|DIRECTORY...: runs SQL logic tests, prints failures and a closing line.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <vector>

#include "tests/slt/runner.hpp"

int main(int argc, char** argv) {
  std::setvbuf(stdout, nullptr, _IOLBF, 1 << 16);  // a hang must not hide what came before it
  std::vector<std::filesystem::path> files;
  for (int i = 1; i < argc; ++i) {
    if (std::filesystem::is_directory(argv[i])) {
      for (const auto& entry : std::filesystem::recursive_directory_iterator(argv[i])) {
        if (entry.path().extension() == ".slt") files.push_back(entry.path());
      }
    } else {
      files.emplace_back(argv[i]);
    }
  }
  std::sort(files.begin(), files.end());
  tailrace::slt::Outcome total;
  for (const auto& file : files) {
    tailrace::slt::Outcome outcome;
    try {
      outcome = tailrace::slt::run_script(file);
    } catch (const std::exception& error) {
      fmt::print("{}: {}\n", file.string(), error.what());
      outcome.failed = 1;
    }
    fmt::print("{:<50} {:4} passed {:4} failed\n", file.string(), outcome.passed, outcome.failed);
    std::fflush(stdout);
    total.passed += outcome.passed;
    total.failed += outcome.failed;
    total.both_ways += outcome.both_ways;
    for (const auto& [reason, count] : outcome.once_only) total.once_only[reason] += count;
  }
  fmt::print("queries run both ways: {}\n", total.both_ways);
  for (const auto& [reason, count] : total.once_only)
    fmt::print("once only, {}: {}\n", reason, count);
  fmt::print("{} passed, {} failed\n", total.passed, total.failed);
  return total.failed == 0 ? 0 : 1;
}
