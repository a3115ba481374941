// One module of the package is loaded, and that is all.
import 'berkeley/socket';
