return {
  server = {
    prot = 1,
    port = '8080',
  },
  audio = 3,
  plugins = { formats = { 'clap' } },
  scripts = { routing = { a = 1 }, memory = true, [1] = 0/0 },
  extra_paths = {},
  [{}] = 1,
}
