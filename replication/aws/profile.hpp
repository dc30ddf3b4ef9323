// The shared files of AWS's tools: ~/.aws/credentials and ~/.aws/config, by profile.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "replication/aws/credentials.hpp"

namespace tailrace::replication::aws {

struct Profile {
  std::string name;
  std::map<std::string, std::string> settings;  // of both files; the credentials file wins

  const std::string* find(const std::string& name) const;
};

// The profile that AWS_PROFILE names, else `default`; nullopt if no file has it. Throws SqlError if AWS_PROFILE names
// one that is not there, or a file cannot be read.
std::optional<Profile> read_profile(const Variables& variables);

// The settings of one section ("[name]", or "[profile name]" in the config file) of a file's text. For tests.
std::optional<std::map<std::string, std::string>> profile_section(std::string_view text,
                                                                  std::string_view profile);

}  // namespace tailrace::replication::aws
