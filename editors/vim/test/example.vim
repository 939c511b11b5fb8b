" The example of the README. behaviour.test.mjs runs it.
let s:vault = pluginvault#Open('me.notes')

function! s:Stored(err, revision) abort
  if a:err isnot v:null
    echoerr a:err.message
  endif
  echomsg s:vault.Get('user').token
endfunction

call s:vault.Set('user', {'token': 'abc'}, function('s:Stored'))
