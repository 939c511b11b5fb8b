-- Neovim runs LuaJIT, and its functions are in `vim`.
std = "luajit"
globals = { "vim" }
max_line_length = 150
