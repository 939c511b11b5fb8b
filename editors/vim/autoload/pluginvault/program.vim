" Finds the program: the setting, the environment, the copy in this plugin, the search path. Vim's current folder may be a hostile
" project, so no program is taken from there or started there.

let s:windows = has('win32')
let s:name = s:windows ? 'plugin-vault.exe' : 'plugin-vault'
let s:plugin = expand('<sfile>:p:h:h:h')

" [error, path, where it was found]
function! pluginvault#program#Find(setting) abort
  if !empty(a:setting)
    return s:Named(substitute(a:setting, '^\~/', '\=$HOME . "/"', ''), 'g:pluginvault.binary')
  elseif !empty($PLUGIN_VAULT_BIN)
    return s:Named($PLUGIN_VAULT_BIN, 'PLUGIN_VAULT_BIN')
  endif
  let packed = s:plugin . '/bin/' . s:name
  if s:IsProgram(packed)
    return [v:null, packed, 'the copy in this plugin']
  endif
  for folder in split($PATH, s:windows ? ';' : ':')
    if s:IsAbsolute(folder) && s:IsProgram(folder . '/' . s:name)
      return [v:null, folder . '/' . s:name, 'PATH']
    endif
  endfor
  let message = 'plugin-vault is not installed. Put it on PATH, or name it in PLUGIN_VAULT_BIN or in g:pluginvault.binary.'
  return [pluginvault#NewError('binaryNotFound', message), '', '']
endfunction

" Whether a start would fail. Without an emulator, the C library may hand a program for another processor to the shell, which then takes
" its bytes for commands.
function! pluginvault#program#CanNotStart(path) abort
  let names = map(glob('/proc/sys/fs/binfmt_misc/*', 1, 1), {_, path -> fnamemodify(path, ':t')})
  return match(names, '\cqemu\|rosetta\|fex\|box') < 0 && pluginvault#program#IsForeign(a:path)
endfunction

" Whether the system can't execute a program: an ELF file for another processor than Vim's, or one whose loader is missing. Neither its
" exit code nor its last words say it.
function! pluginvault#program#IsForeign(path) abort
  let [file, own] = [s:Head(a:path), s:Head(v:progpath)]
  if file !~# '^\%x7fELF'
    return 0
  elseif own =~# '^\%x7fELF' && s:Machine(file) !=# s:Machine(own)
    return 1
  endif
  let loader = matchstr(file, '/[!-~]*\.so[!-~]*')
  return !empty(loader) && !filereadable(loader)
endfunction

" The first bytes of a file, in which each NUL is a line break.
function! s:Head(path) abort
  return filereadable(a:path) ? strpart(join(readfile(a:path, 'b', 40), "\n"), 0, 4096) : ''
endfunction

" What an ELF file says about its processor: the size of a word, the order of bytes, the number of the architecture.
function! s:Machine(head) abort
  return strpart(a:head, 4, 2) . strpart(a:head, 18, 2)
endfunction

" The folder in which the program starts.
function! pluginvault#program#Home() abort
  return isdirectory($HOME) ? $HOME : '/'
endfunction

function! s:Named(path, by) abort
  let error = v:null
  if !s:IsAbsolute(a:path)
    let error = a:by . ' names ' . a:path . ', which depends on the current folder. Use an absolute path.'
  elseif !s:IsProgram(a:path)
    let error = a:by . ' names ' . a:path . ', which is not a program. Correct it or clear it.'
  endif
  return [error is v:null ? v:null : pluginvault#NewError('binaryNotFound', error), a:path, a:by]
endfunction

function! s:IsAbsolute(path) abort
  return a:path =~# (s:windows ? '^\a:[/\\]' : '^/')
endfunction

function! s:IsProgram(path) abort
  return !isdirectory(a:path) && executable(a:path)
endfunction
