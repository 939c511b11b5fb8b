" What a call costs inside Vim. `run` beside this file starts it. Writes one line for each kind of call into OUT.

let s:rounds = str2nr($ROUNDS)
let s:calls = 20
let s:vault = pluginvault#Open('bench.vim')
let s:file = $HOME . '/vim-file'
let s:filler = repeat('x', 180)

function! s:Write(n, flags) abort
  call writefile([json_encode({'n': a:n, 'filler': s:filler})], s:file, a:flags)
endfunction

let s:kinds = [
      \ ['get', {-> s:vault.Get('user').filler}],
      \ ['set, 200 bytes, on the disk', {n -> s:vault.Set('user', {'n': n, 'filler': s:filler})}],
      \ ['a file: `readfile()` and `json_decode()`', {-> json_decode(join(readfile(s:file), "\n")).filler}],
      \ ['a file: `writefile()` of 200 bytes', {n -> s:Write(n, 'S')}],
      \ ['a file: `writefile()` of 200 bytes, on the disk', {n -> s:Write(n, 's')}],
      \ ['Secret Service: `secret-tool lookup`', {-> system('secret-tool lookup bench vi')}],
      \ ['Secret Service: `secret-tool store`', {n -> system('secret-tool store --label bench bench vi', 'word ' . n)}],
      \ ]

function! s:Median(times) abort
  return sort(a:times, 'f')[len(a:times) / 2]
endfunction

function! s:Measure() abort
  call s:vault.Set('user', {'filler': s:filler})
  call s:Write(0, '')
  let medians = map(copy(s:kinds), '[]')
  for round in range(s:rounds)
    for [at, kind] in items(s:kinds)
      let times = []
      for call in range(s:calls)
        let start = reltime()
        call kind[1](round * s:calls + call)
        call add(times, reltimefloat(reltime(start)) * 1000)
      endfor
      call add(medians[at], s:Median(times))
    endfor
  endfor
  return map(copy(s:kinds), {at, kind -> kind[0] . "\t" . call('printf', ['%.3g (%.3g to %.3g)', s:Median(medians[at]), medians[at][0], medians[at][-1]])})
endfunction

try
  call writefile(s:Measure(), $OUT)
  qall!
catch
  call writefile([v:exception . ' ' . v:throwpoint], $OUT)
  cquit!
endtry
